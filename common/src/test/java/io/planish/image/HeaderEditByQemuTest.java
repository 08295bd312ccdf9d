package io.planish.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.qcow2.Backing;
import io.planish.qcow2.Header;
import io.planish.qcow2.HeaderEdit;
import io.planish.qcow2.Marks;
import io.planish.storage.ImageFile;
import io.planish.storage.Qemu;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers changed by us, read by QEMU; headers rewritten by QEMU, read by us. */
class HeaderEditByQemuTest {
    @TempDir
    Path folder;

    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        images = new QemuImages(folder);
        images.create("base.qcow2", "cluster_size=64k", "1M");
        images.create("other-base-with-a-longer-name.qcow2", "cluster_size=64k", "1M");
    }

    @ParameterizedTest
    @CsvSource({"512, 0.10", "512, 1.1", "4k, 0.10", "4k, 1.1", "64k, 0.10", "64k, 1.1", "2M, 1.1"})
    void qemuSeesTheNewBackingFile(String cluster, String compat) throws IOException {
        images.overlay("a.qcow2", "cluster_size=" + cluster + ",compat=" + compat, "base.qcow2", "qcow2", "1M");

        edit(e -> e.backing(new Backing("other-base-with-a-longer-name.qcow2", "qcow2")));
        assertBacking("other-base-with-a-longer-name.qcow2");
        edit(e -> e.backing(new Backing("base.qcow2", "qcow2")));
        assertBacking("base.qcow2");
        edit(HeaderEdit::noBacking);
        assertThat(images.json("info", "a.qcow2").has("backing-filename")).isFalse();
        edit(e -> e.backing(new Backing("base.qcow2", "qcow2")));
        assertBacking("base.qcow2");

        Qemu.img("rebase", "-u", "-b", "other-base-with-a-longer-name.qcow2", "-F", "qcow2", path());
        assertThat(header().backing()).contains(new Backing("other-base-with-a-longer-name.qcow2", "qcow2"));
        assertThat(images.json("check", "a.qcow2").has("corruptions")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.10", "1.1"})
    void theHalfMergedMarkOutlivesAHeaderThatQemuRewrites(String compat) throws IOException {
        images.overlay("a.qcow2", "compat=" + compat, "base.qcow2", "qcow2", "1M");
        edit(e -> e.halfMerged(true));

        Qemu.img("rebase", "-u", "-b", "other-base-with-a-longer-name.qcow2", "-F", "qcow2", path());

        assertThat(Marks.isHalfMerged(header())).isTrue();
        edit(e -> e.halfMerged(false));
        assertThat(Marks.isHalfMerged(header())).isFalse();
        assertBacking("other-base-with-a-longer-name.qcow2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.10", "1.1"})
    void qemuRefusesAPoisonedImage(String compat) throws IOException {
        images.overlay("a.qcow2", "compat=" + compat, "base.qcow2", "qcow2", "1M");
        assertThat(Qemu.run("qemu-io", "-c", "read 0 512", path()).exit()).isZero();

        edit(HeaderEdit::poison);

        assertThat(Qemu.run("qemu-io", "-f", "qcow2", "-c", "read 0 512", path())
                        .exit())
                .isNotZero();
        assertThat(Qemu.run("qemu-img", "info", "-f", "qcow2", path()).exit()).isNotZero();
    }

    @Test
    void bitmapsAndSnapshotsOutliveANewBackingFile() throws IOException {
        images.overlay("a.qcow2", "cluster_size=64k", "base.qcow2", "qcow2", "1M");
        for (int i = 0; i < 3; i++) {
            Qemu.img("bitmap", "--add", path(), "b" + i);
        }
        Qemu.img("snapshot", "-c", "one", path());

        edit(e -> e.backing(new Backing("other-base-with-a-longer-name.qcow2", "qcow2")));

        assertBacking("other-base-with-a-longer-name.qcow2");
        JsonNode info = images.json("info", "a.qcow2");
        assertThat(info.path("snapshots")).hasSize(1);
        assertThat(info.path("format-specific").path("data").path("bitmaps")).hasSize(3);
        assertThat(images.json("check", "a.qcow2").has("corruptions")).isFalse();
    }

    private void assertBacking(String name) throws IOException {
        JsonNode info = images.json("info", "a.qcow2");
        assertThat(info.path("backing-filename").asText()).isEqualTo(name);
        assertThat(info.path("backing-filename-format").asText()).isEqualTo("qcow2");
        assertThat(header().backing()).contains(new Backing(name, "qcow2"));
    }

    private String path() {
        return images.path("a.qcow2").toString();
    }

    private Header header() throws IOException {
        try (ImageFile file = images.file("a.qcow2")) {
            return Images.header(file, "a.qcow2");
        }
    }

    private void edit(UnaryOperator<HeaderEdit> change) throws IOException {
        try (ImageFile file = images.file("a.qcow2")) {
            HeaderFile.edit(file, change);
        }
    }
}
