package io.planish.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.planish.load.scenario.Load;
import io.planish.load.scenario.OwnNetwork;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The scenarios of {@code ./planish load}, in small; each prints its table and verdict. */
class ScenariosTest {
    @TempDir
    Path folder;

    @Test
    void aFleetOfAllShapesBecomesFlat() {
        play("throughput", "--chains", "16", "--pools", "2", "--workers", "2", "--mib", "4", "--only");
    }

    @Test
    void nothingIsLostWhenWorkersBrokerGridAndCoordinatorAreKilled() {
        play(
                "kills",
                "--chains",
                "8",
                "--pools",
                "2",
                "--workers",
                "2",
                "--mib",
                "4",
                "--every",
                "5",
                "--last",
                "10",
                "--kills",
                "3");
    }

    @Test
    void aWorkerThatSleepsPastItsLeaseAndOneThatDiesAreReplaced() {
        play("paused", "--workers", "2", "--mib", "2", "--lease", "3");
    }

    @Test
    void jobsThatMeetAFullPoolABrokenOneOrARunningVmEndAsTheyMustAndTheOthersGoOn() {
        assumeTrue(System.getProperty("user.name").equals("root"), "it mounts filesystems of its own");
        play("pool-trouble", "--chains", "6", "--workers", "2", "--mib", "4");
    }

    @Test
    void aWorkerThatIsCutOffFromGridAndBrokerIsReplacedAndWorksAgainWhenItIsJoined() {
        Optional<String> obstacle = OwnNetwork.obstacle();
        obstacle.ifPresent(why -> System.out.println("not played, since there are no network namespaces here: " + why));
        assumeTrue(obstacle.isEmpty());
        play("cut-off", "--from", "BOTH", "--mib", "2", "--lease", "3", "--leases", "2");
    }

    private void play(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--folder", folder.toString()));
        assertThat(Load.run(all.toArray(String[]::new))).isZero();
    }
}
