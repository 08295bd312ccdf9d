package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that is stopped or killed in the middle, and the one after it. */
class StopTest {
    private static final long DISK = 960L << 20;

    @TempDir
    Path dir;

    private QemuImages images;
    private Path plan;

    @BeforeEach
    void makeChain() throws IOException {
        images = QemuImages.in(dir);
        images.overlay("base", "", "", String.valueOf(DISK));
        images.write("base", "write -P 1 0 300M", "write -P 2 300M 300M", "write -P 3 600M 360M");
        images.overlay("s1", "base", "", String.valueOf(DISK));
        images.overlay("a", "s1", "", String.valueOf(DISK));
        images.write("a", "write -P 4 50M 1M");
        images.remember(List.of("a"));
        plan = dir.resolve("plan.jsonl");
        assertThat(Cli.planish("plan", images.folder(), "--max-depth", "1", "--keep", "base*", "--unshare", "-o", plan)
                        .exit())
                .isZero();
    }

    @Test
    void interruptedApplyStopsAtASafePointAndTheNextGoesOn() throws Exception {
        Process first = start("apply", plan.toString());
        waitForACheckpoint(first);
        Qemu.run("kill", "-INT", String.valueOf(first.pid()));
        String said = new String(first.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(first.exitValue()).isNotZero();
        assertThat(said).contains("go on with: planish apply");
        images.assertSameContent("a", "a");
        secondGoesOn();
    }

    @Test
    void interruptedCommitSaysHowItGoesOn() throws Exception {
        images.overlay("golden", "", "", String.valueOf(DISK));
        images.overlay("top", "golden", "", String.valueOf(DISK));
        images.write("top", "write -P 5 0 900M");
        images.remember(List.of("top"));
        Process first = start("commit", "-r", "200M", images.path("top").toString());
        waitForACheckpoint(first);
        Qemu.run("kill", "-TERM", String.valueOf(first.pid()));
        String said = new String(first.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(first.exitValue()).isNotZero();
        assertThat(said).contains("stopped (run it again to go on)");
        images.assertSameContent("top", "top");
    }

    @Test
    void killedApplyIsTakenUpByTheNext() throws Exception {
        Process first = start("apply", plan.toString());
        waitForACheckpoint(first);
        first.destroyForcibly();
        assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
        images.assertSameContent("a", "a");
        secondGoesOn();
    }

    private void secondGoesOn() throws Exception {
        Process second = start("apply", plan.toString());
        String said = new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(second.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(second.exitValue()).as(said).isZero();
        assertThat(said).containsAnyOf("DONE", "done before");
        assertThat(images.chainOf("a")).isEqualTo("a");
        images.assertUnchangedAndClean("a");
    }

    private Process start(String... words) throws IOException {
        return new ProcessBuilder(LaunchedCli.command(dir.resolve("state"), words)).start();
    }

    /** Until some of the job is durable, and not all of it. */
    private void waitForACheckpoint(Process process) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> checkpointed() || !process.isAlive());
        assertThat(process.isAlive()).as("it was to be stopped in the middle").isTrue();
    }

    private boolean checkpointed() throws IOException {
        Path state = dir.resolve("state");
        if (!Files.exists(state)) {
            return false;
        }
        try (Stream<Path> files = Files.walk(state)) {
            return files.anyMatch(file -> file.toString().endsWith(".checkpoint.json"));
        }
    }
}
