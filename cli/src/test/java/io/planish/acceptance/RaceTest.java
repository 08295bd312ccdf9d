package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Guests that write while nobody holds the locks of a job that was begun, or that come just before the locks do. */
class RaceTest {
    private static final long BATCH_BYTES = 256 << 10;
    private static final long FEW_BATCHES_BYTES = 1 << 20;

    /** Below what one batch settles, and above. */
    private static final List<String> INSIDE =
            List.of("discard 0 1M", "write -P 200 5k 1k", "write -P 201 336k 40k", "write -z 384k 32k");

    private static final List<String> OUTSIDE =
            List.of("discard 2M 1M", "write -P 202 2500k 300k", "write -z 1984k 96k", "write -P 203 7M 10k");

    private static final List<String> LARGER_DISK =
            List.of("truncate 9M", "write -P 206 5k 1k", "write -P 204 8200k 100k", "write -P 205 600k 64k");

    @TempDir
    Path dir;

    private Path memory;
    private QemuImages images;
    private Merges merges;

    /** Jobs on {@code base <- s1 <- s2 <- active}, and the chain they leave. */
    enum Operation {
        PULL_TO_BASE("base", "active", "active", "base <- active"),
        PULL_ALL("", "active", "active", "active"),
        COMMIT_UNDER_THE_LEAFS_NAME("", "base", "active", "active"),
        COMMIT_INTO_THE_MIDDLE_UNDER_THE_LEAFS_NAME("", "s1", "active", "active"),
        COMMIT_OF_MIDDLE_LAYERS("", "base", "s2", "base <- active"),
        COMMIT_AS_QEMU_IMG_DOES("", "base", "active", "base <- s1 <- s2 <- active");

        private final String base;
        private final String target;
        private final String top;
        private final String chain;

        Operation(String base, String target, String top, String chain) {
            this.base = base;
            this.target = target;
            this.top = top;
            this.chain = chain;
        }

        /** Whether the guest writes a layer that the target takes data from, which makes the job start over. */
        boolean takesFromTheGuestsImage() {
            return top.equals("active") && !target.equals("active");
        }
    }

    /** The process of an attempt is gone. */
    private static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    @BeforeEach
    void makeFolders() throws IOException {
        memory = Files.createDirectory(dir.resolve("memory"));
        open("images");
    }

    private void open(String folder) throws IOException {
        images = new QemuImages(Files.createDirectories(dir.resolve(folder)), memory);
        merges = new Merges(images.folder(), Files.createDirectory(dir.resolve(folder + "-state")));
    }

    static Stream<Arguments> operationsAndLayers() {
        return Stream.of(Operation.values())
                .flatMap(operation -> OperationsTest.layers().stream().map(layers -> Arguments.of(operation, layers)));
    }

    @ParameterizedTest
    @MethodSource("operationsAndLayers")
    void guestThatWritesBetweenTwoAttemptsKeepsAllItWrote(Operation operation, List<String> layers) throws IOException {
        images.chain("base <- s1 <- s2 <- active", layers);
        images.remember(List.of("active"));
        Job job = job(operation);

        JobResult stopped = merges.runSomeBatches(job, BATCH_BYTES, 1);
        assertThat(stopped.outcome()).isInstanceOf(Outcome.Cancelled.class);
        assertShowsWhatTheGuestWrote("active");
        guestWrites(INSIDE);
        guestWrites(OUTSIDE);
        assertShowsWhatTheGuestWrote("active");

        JobResult finished = attempt(job, 2, () -> false, () -> {});
        assertThat(finished.outcome()).isEqualTo(new Outcome.Done());
        if (operation.takesFromTheGuestsImage()) {
            assertThat(finished.bytesSkipped()).isZero();
        } else {
            assertThat(finished.bytesSkipped()).isBetween(512L << 10, 1984L << 10);
        }
        assertFinished(operation);
    }

    /** The first attempt is gone before each of its steps, up to the last; a disk that grew meanwhile is the harder case. */
    @ParameterizedTest
    @EnumSource
    void guestMayWriteWhereverAnAttemptWasKilled(Operation operation) throws IOException {
        images.chain("base <- s1 <- s2 <- active", OperationsTest.layers().get(1));
        images.remember(List.of("active"));
        QemuImages made = images;
        byte[] before = Files.readAllBytes(raw());
        int steps = 0;
        for (boolean killed = true; killed; steps++) {
            open("killed-" + steps);
            Files.write(raw(), before);
            for (String name : List.of("base", "s1", "s2", "active")) {
                Files.copy(made.path(name), images.path(name));
            }
            Job job = job(operation);
            AtomicInteger left = new AtomicInteger(steps);
            try {
                merges.run(job, 1, FEW_BATCHES_BYTES, () -> false, () -> dieAtZero(left));
                killed = false;
            } catch (Killed expected) {
                assertShowsWhatTheGuestWrote("active");
            }
            guestWrites(LARGER_DISK);
            if (killed) {
                JobResult result = attempt(job, 2, () -> false, () -> {});
                if (result.outcome() instanceof Outcome.Stale
                        && Files.notExists(images.folder().resolve(".planish"))) {
                    result = attempt(job(operation), 1, () -> false, () -> {});
                }
                assertThat(result.outcome()).as("after step " + steps).isEqualTo(new Outcome.Done());
                if (operation == Operation.COMMIT_AS_QEMU_IMG_DOES) {
                    assertShowsWhatTheGuestWrote("base");
                }
            }
            assertFinished(operation);
        }
        assertThat(steps).isGreaterThan(4);
    }

    private static void dieAtZero(AtomicInteger left) {
        if (left.getAndDecrement() == 0) {
            throw new Killed();
        }
    }

    static final List<Operation> underTheLeafsName =
            List.of(Operation.COMMIT_UNDER_THE_LEAFS_NAME, Operation.COMMIT_INTO_THE_MIDDLE_UNDER_THE_LEAFS_NAME);

    /** The guest's process has the leaf open when the job takes its locks, and asks for its own when the job is done. */
    @ParameterizedTest
    @FieldSource("underTheLeafsName")
    void guestThatOpenedTheLeafJustBeforeItsLockFails(Operation operation) throws IOException {
        images.chain("base <- s1 <- s2 <- active");
        images.remember(List.of("active"));
        Job job = job(operation);
        int firstLock = callsBeforeTheFirstLock() + 1;
        Path said = dir.resolve("said");
        // ends with strace: a tracee whose tracer is gone runs on at once
        Process strace = new ProcessBuilder(
                        "strace",
                        "-f",
                        "-o",
                        dir.resolve("trace").toString(),
                        "-e",
                        "trace=fcntl",
                        "-e",
                        "inject=fcntl:delay_enter=300000000:when=" + firstLock,
                        "sh",
                        "-c",
                        "qemu-io -f qcow2 -c 'write -P 0xEE 0 64k' \"$1\"; echo exits $?",
                        "sh",
                        images.path("active").toString())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> hasOpenForWriting(strace, "active"));
            assertThat(attempt(job, 1, () -> false, () -> {}).outcome()).isEqualTo(new Outcome.Done());
        } finally {
            strace.destroyForcibly();
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> Files.readString(said).contains("exits"));

        assertThat(Files.readString(said))
                .contains("exits 1")
                .contains("can't open")
                .doesNotContain("wrote");
        assertFinished(operation);
        Path trash = images.folder().resolve(".planish-trash/run/active.qcow2");
        assertThat(trash).exists();
        assertThat(Qemu.run("qemu-img", "info", "-f", "qcow2", trash).exit()).isNotZero();
        assertThat(Qemu.run("qemu-img", "info", trash).exit()).isNotZero();
    }

    @Test
    void guestThatOpensTheLeafDuringAJobIsKeptOut() throws IOException {
        images.chain("base <- s1 <- s2 <- active");
        images.remember(List.of("active"));
        List<Integer> exits = new ArrayList<>();
        JobResult result = attempt(
                job(Operation.COMMIT_UNDER_THE_LEAFS_NAME),
                1,
                () -> false,
                () -> exits.add(Qemu.run("qemu-io", "-f", "qcow2", "-c", "write -P 0xEE 0 64k", images.path("active"))
                        .exit()));
        assertThat(result.outcome()).isEqualTo(new Outcome.Done());
        assertThat(exits).hasSizeGreaterThan(4).containsOnly(1);
        assertFinished(Operation.COMMIT_UNDER_THE_LEAFS_NAME);
    }

    /** As {@code fcntl} calls of the thread that opens the image are counted; skips the test where nothing can be traced. */
    private int callsBeforeTheFirstLock() {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/strace")), "strace is not installed");
        Qemu.Result traced = Qemu.run(
                "strace", "-e", "trace=fcntl", "qemu-io", "-f", "qcow2", "-c", "length", images.path("active"));
        assumeTrue(traced.err().contains("F_OFD_SETLK"), "nothing can be traced here: " + traced.err());
        return (int) traced.err()
                .lines()
                .filter(line -> line.contains("fcntl("))
                .takeWhile(line -> !line.contains("F_OFD_SETLK"))
                .count();
    }

    private boolean hasOpenForWriting(Process strace, String name) {
        return strace.descendants().anyMatch(process -> {
            Path descriptors = Path.of("/proc/" + process.pid());
            try (Stream<Path> open = Files.list(descriptors.resolve("fd"))) {
                for (Path descriptor : open.toList()) {
                    String info = Files.readString(descriptors.resolve("fdinfo/" + descriptor.getFileName()));
                    if (Files.isSameFile(descriptor, images.path(name)) && info.matches("(?s).*flags:\\s+\\d*2\\n.*")) {
                        return true;
                    }
                }
            } catch (IOException e) {
                return false; // closed, or ended, while it was looked at
            }
            return false;
        });
    }

    private Job job(Operation operation) throws IOException {
        Job job = merges.merge(operation.base, operation.target, operation.top);
        return operation == Operation.COMMIT_AS_QEMU_IMG_DOES ? withAllLayersKept(job) : job;
    }

    private static Job withAllLayersKept(Job job) {
        return new Job(
                job.id(),
                job.kind(),
                job.target(),
                job.base(),
                job.top(),
                List.of(),
                Optional.empty(),
                List.of(),
                List.of(),
                job.expects(),
                0,
                0);
    }

    private JobResult attempt(Job job, long epoch, BooleanSupplier stop, Runnable beforeEachStep) {
        return merges.run(job, epoch, BATCH_BYTES, stop, beforeEachStep);
    }

    private Path raw() {
        return memory.resolve("active.raw");
    }

    /** The same to the image and to the raw copy that it is compared with. */
    private void guestWrites(List<String> commands) {
        for (Object[] disk : new Object[][] {{"qcow2", images.path("active")}, {"raw", raw()}}) {
            List<Object> command = new ArrayList<>(List.of("qemu-io", "-d", "unmap", "-f", disk[0]));
            commands.forEach(c -> command.addAll(List.of("-c", c)));
            command.add(disk[1]);
            Qemu.Result result = Qemu.run(command.toArray());
            String said = result.out() + result.err();
            assertThat(result.exit()).as(command + ": " + said).isZero();
            assertThat(said).as(command.toString()).doesNotContain("failed");
        }
    }

    private void assertFinished(Operation operation) {
        assertShowsWhatTheGuestWrote("active");
        images.assertClean("active");
        assertThat(images.chainOf("active")).isEqualTo(operation.chain);
    }

    private void assertShowsWhatTheGuestWrote(String name) {
        Qemu.Result compared = Qemu.run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", images.path(name), raw());
        String said = compared.out() + compared.err();
        assertThat(compared.exit()).as(name + ": " + said).isZero();
        assertThat(said).doesNotContain("size mismatch");
    }
}
