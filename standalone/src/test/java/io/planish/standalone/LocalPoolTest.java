package io.planish.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalPoolTest {
    @TempDir
    Path folder;

    @Test
    void settingsBecomeConfigurationKeysOfThePool() {
        LocalPool pool = LocalPool.parse("vms=" + folder + ",host-path=/var/lib/vms,complete=true");

        assertThat(pool.configuration())
                .containsEntry("planish.pools.vms.path", folder.toString())
                .containsEntry("planish.pools.vms.host-path", "/var/lib/vms")
                .containsEntry("planish.pools.vms.complete", "true")
                .hasSize(3);
    }

    @Test
    void aFolderMayHoldACommaAndSpaces() throws Exception {
        Path odd = Files.createDirectory(folder.resolve("a, b c"));

        assertThat(LocalPool.parse("p=" + odd + ",slots=2").folder()).isEqualTo(odd);
    }

    @Test
    void whatIsWrongIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LocalPool.parse("/var/lib/vms"))
                .withMessageContaining("'/var/lib/vms' is not NAME=FOLDER");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LocalPool.parse("VMs=" + folder))
                .withMessageContaining("'VMs' is not 1 to 63 of a-z");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LocalPool.parse("vms=" + folder.resolve("absent")))
                .withMessageContaining(folder.resolve("absent") + " is not a folder");
    }
}
