package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * SIGKILL for the process of a job of some 100 MB, at random moments, then the same command again. {@code -Dplanish.kills=N} kills more
 * often, {@code -Dplanish.seed=S} at the moments of an earlier run.
 */
class KilledProcessTest {
    private static final int KILLS =
            Integer.getInteger("planish.kills", Boolean.getBoolean("planish.test.all") ? 200 : 25);
    private static final long SEED = Long.getLong("planish.seed", System.nanoTime());
    private static final int KILLS_OF_ONE_JOB = 3;
    private static final int VERBS = 5;

    @TempDir
    Path dir;

    private QemuImages images;

    @BeforeEach
    void makeImages() throws IOException {
        images = QemuImages.in(dir);
        images.overlay("base", "", "", "300M");
        images.write("base", "write -P 1 0 4M");
        images.overlay("s1", "base", "", "300M");
        images.write("s1", "write -P 2 2M 50M", "write -z 20M 5M");
        images.overlay("active", "s1", "", "300M");
        images.write("active", "write -P 3 40M 60M", "write -z 10M 5M");
        images.remember(List.of("active"));
        Files.move(images.folder(), dir.resolve("made"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"apply", "flatten", "commit", "pull", "rebase"})
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void nextProcessFinishesWhatAKilledOneBegan(String verb) throws Exception {
        System.out.println(verb + ": -Dplanish.kills=" + KILLS + " -Dplanish.seed=" + SEED);
        Random random = new Random(SEED);
        Duration whole = Duration.ZERO;
        for (int round = 0, kills = 0; kills < KILLS / VERBS; round++) {
            Qemu.run("cp", "-r", "--sparse=always", dir.resolve("made"), images.folder());
            List<String> command = command(verb);
            boolean ended = round == 0;
            for (int i = 0; !ended && i < KILLS_OF_ONE_JOB && kills < KILLS / VERBS; i++) {
                ended = !killed(command, random.nextLong(whole.toMillis() / 4, whole.toMillis()));
                kills += ended ? 0 : 1;
                images.assertSameContent("active", "active");
            }
            long started = System.nanoTime();
            assertThat(start(command).waitFor()).as(said()).isZero();
            if (round == 0) {
                whole = Duration.ofNanos(System.nanoTime() - started);
            }
            images.assertUnchangedAndClean("active");
            assertThat(images.chainOf("active"))
                    .as(said())
                    .isEqualTo(verb.equals("commit") ? "base <- s1 <- active" : "active");
            for (String layer : List.of("base", "s1")) {
                if (images.exists(layer)) {
                    images.assertClean(layer);
                }
            }
            Qemu.run("rm", "-r", images.folder());
        }
    }

    @Test
    void aCommitThatAnotherToolHasFinishedIsForgottenWhenSomebodySaysSo() throws Exception {
        Path folder = Files.move(dir.resolve("made"), images.folder());
        Process commit = start(List.of(
                "commit", "-r", "10M", "-b", "base.qcow2", images.path("active").toString()));
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .until(() -> Cli.planish("scan", images.folder()).out().contains("HALF_MERGED"));
        commit.destroyForcibly().waitFor();
        Qemu.img("commit", "-q", "-b", "base.qcow2", images.path("active"));
        Files.delete(images.path("active"));
        List<String> flatten = List.of("flatten", folder.toString(), "--yes");
        String base = images.path("base").toRealPath().toString();

        assertThat(start(flatten).waitFor()).isEqualTo(1);
        assertThat(said()).contains("planish check -r mark " + base);
        assertThat(start(List.of("check", "-r", "mark", base)).waitFor())
                .as(said())
                .isZero();
        assertThat(Cli.planish("scan", folder).out()).doesNotContain("HALF_MERGED");
        assertThat(start(flatten).waitFor()).as(said()).isZero();

        images.assertSameContent("base", "active");
    }

    @Test
    void whatAGuestWroteIntoABaseThatAnotherToolCommittedIntoStays() throws Exception {
        Path folder = Files.move(dir.resolve("made"), images.folder());
        Process commit =
                start(List.of("commit", "-d", "-r", "10M", images.path("active").toString()));
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .until(() -> Cli.planish("scan", images.folder()).out().contains("HALF_MERGED"));
        commit.destroyForcibly().waitFor();
        Qemu.img("commit", "-q", "-d", images.path("active"));
        images.write("s1", "write -P 88 45M 1M");
        images.remember(List.of("s1"));

        assertThat(start(List.of("flatten", folder.toString(), "--yes")).waitFor())
                .isEqualTo(1);
        assertThat(said()).contains("another program has written it");

        images.assertUnchangedAndClean("s1");
    }

    /** A QCOW2 base does not tell of a program that had opened it for reading before. */
    @ParameterizedTest
    @ValueSource(strings = {"raw", "qcow2"})
    void whatSomebodyWroteIntoABaseLongAfterAKillStays(String format) throws Exception {
        Path folder = Files.createDirectory(images.folder());
        Path base = folder.resolve("base");
        Path top = folder.resolve("top.qcow2");
        Qemu.img("create", "-q", "-f", format, base, "64M");
        Qemu.img("create", "-q", "-f", "qcow2", "-b", base, "-F", format, top);
        Qemu.io(top, List.of("write -q -P 2 1M 40M"));
        Process commit = start(List.of("commit", "-d", "-r", "10M", top.toString()));
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .until(() -> !Qemu.run("find", folder, "-name", "*.intent.json")
                        .out()
                        .isEmpty());
        commit.destroyForcibly().waitFor();
        Qemu.img("commit", "-q", "-d", top);
        Qemu.run("qemu-io", "-r", "-f", format, "-c", "reopen -w", "-c", "write -q -P 88 2M 1M", base);
        Files.setLastModifiedTime(base, FileTime.from(Instant.now().plus(Duration.ofHours(1))));

        assertThat(start(List.of("flatten", folder.toString(), "--yes")).waitFor())
                .isEqualTo(1);
        assertThat(said()).contains("another program has written it");
        assertThat(start(List.of("check", "-r", "mark", base.toString())).waitFor())
                .as(said())
                .isZero();
        assertThat(start(List.of("flatten", folder.toString(), "--yes")).waitFor())
                .as(said())
                .isZero();

        assertThat(Qemu.run("qemu-io", "-f", format, "-c", "read -P 88 2M 1M", base)
                        .out())
                .contains("bytes at offset")
                .doesNotContain("verification failed");
    }

    /** The command line that does the job, as often as it is repeated. */
    private List<String> command(String verb) throws Exception {
        String active = images.path("active").toString();
        switch (verb) {
            case "flatten" -> {
                return List.of("flatten", images.folder().toString(), "--yes", "--max-depth", "1");
            }
            case "commit" -> {
                return List.of("commit", "-q", active);
            }
            case "pull" -> {
                return List.of("pull", active);
            }
            case "rebase" -> {
                return List.of("rebase", "-q", "-b", "", active);
            }
            default -> {}
        }
        String plan = dir.resolve("plan.jsonl").toString();
        Process planning = start(List.of("plan", images.folder().toString(), "--max-depth", "1", "-o", plan));
        assertThat(planning.waitFor()).as(said()).isZero();
        return List.of("apply", plan);
    }

    /** Whether it was still there to be killed. */
    private boolean killed(List<String> command, long afterMillis) throws Exception {
        Process process = start(command);
        if (process.waitFor(afterMillis, TimeUnit.MILLISECONDS)) {
            assertThat(process.exitValue()).as(said()).isZero();
            return false;
        }
        process.destroyForcibly().waitFor();
        return true;
    }

    private Process start(List<String> verb) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                "io.planish.cli.Main"));
        command.addAll(verb);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("said").toFile());
        builder.environment().put("XDG_STATE_HOME", dir.resolve("state").toString());
        return builder.start();
    }

    private String said() throws IOException {
        return Files.readString(dir.resolve("said"));
    }
}
