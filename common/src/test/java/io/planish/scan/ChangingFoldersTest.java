package io.planish.scan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.planish.chain.Chains;
import io.planish.chain.ImageNode;
import io.planish.chain.PoolName;
import io.planish.chain.Use;
import io.planish.job.SkipReason;
import io.planish.plan.Snapshot;
import io.planish.storage.FileStatus;
import io.planish.storage.ImageFile;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Qemu;
import io.planish.storage.Storage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scans of real folders in which something happens at one moment, and of large ones. */
class ChangingFoldersTest {
    private final Storage real = new LinuxStorage();

    @TempDir
    Path temp;

    private Path pool;

    @BeforeEach
    void makeAChain() throws IOException {
        pool = Files.createDirectory(temp.toRealPath().resolve("p"));
        Files.createDirectory(pool.resolve("early"));
        Files.createDirectory(pool.resolve("late"));
        Qemu.img("create", "-q", "-f", "qcow2", path("base"), "8M");
        overlay("late/a", "../base");
    }

    @Test
    void anImageMovedIntoAFolderThatWasPassedIsFoundThere() throws IOException {
        CountDownLatch passed = new CountDownLatch(1);
        AtomicBoolean moved = new AtomicBoolean();
        Snapshot snapshot = scan(new ForwardingStorage(real) {
            @Override
            public List<Path> list(Path directory) throws IOException {
                if (directory.equals(pool.resolve("late")) && !moved.getAndSet(true)) {
                    await(passed);
                    Files.move(pool.resolve("late/a"), pool.resolve("early/a"));
                }
                List<Path> names = super.list(directory);
                if (directory.equals(pool.resolve("early"))) {
                    passed.countDown();
                }
                return names;
            }
        });

        assertThat(snapshot.forest().overlays(Chains.ref("base")))
                .extracting(node -> node.ref().path())
                .containsExactly("early/a");
    }

    @Test
    void anImageThatIsRenamedMeanwhileIsOneImageWithOneName() throws IOException {
        AtomicBoolean done = new AtomicBoolean();
        Snapshot snapshot = scan(new Meanwhile(pool.resolve("late/a"), () -> {
            if (!done.getAndSet(true)) {
                Files.move(pool.resolve("late/a"), pool.resolve("late/z"));
            }
        }));

        List<ImageNode> overlays = snapshot.forest().overlays(Chains.ref("base"));
        assertThat(overlays).extracting(node -> node.ref().path()).containsExactly("late/z");
        assertThat(overlays.getFirst().problem(SkipReason.HARD_LINKED)).isEmpty();
        assertThat(snapshot.pools().getFirst().complete()).isTrue();
    }

    @Test
    void anOverlayThatAppearsMeanwhileIsFound() throws IOException {
        AtomicBoolean done = new AtomicBoolean();
        Snapshot snapshot = scan(new Meanwhile(pool.resolve("late/a"), () -> {
            if (!done.getAndSet(true)) {
                overlay("early/b", "../base");
            }
        }));

        assertThat(snapshot.forest().overlays(Chains.ref("base"))).hasSize(2);
    }

    @Test
    void anImageThatVanishesMeanwhileDisturbsNothing() throws IOException {
        overlay("late/b", "../base");
        Snapshot snapshot =
                scan(new Meanwhile(pool.resolve("late/b"), () -> Files.deleteIfExists(pool.resolve("late/b"))));

        assertThat(snapshot.forest().closed(Chains.ref("p/late/a"))).isEmpty();
        assertThat(snapshot.findings()).isEmpty();
    }

    @Test
    void aFolderWithVeryManyFilesIsScannedAndTellsHowFarItIs() throws IOException {
        byte[] image = Files.readAllBytes(pool.resolve("base"));
        Path crowded = Files.createDirectory(pool.resolve("crowded"));
        int files = Boolean.getBoolean("planish.test.all") ? 300_000 : 10_000;
        for (int i = 0; i < files; i++) {
            Path file = crowded.resolve("file-" + i);
            if (i % (files / 100) == 0) {
                Files.write(file, image);
            } else {
                Files.createFile(file);
            }
        }
        AtomicInteger told = new AtomicInteger();
        AtomicReference<ScanProgress> last = new AtomicReference<>();
        CountingStorage counting = new CountingStorage(real);

        Snapshot snapshot = scanner(counting).scan(progress -> {
            told.incrementAndGet();
            last.set(progress);
        });

        assertThat(snapshot.forest().nodes()).hasSize(102);
        assertThat(told.get()).isPositive();
        ScanProgress end = Objects.requireNonNull(last.get());
        assertThat(end.files()).isEqualTo(files + 2);
        assertThat(end.images()).isEqualTo(102);
        assertThat(counting.opened())
                .as("files too short for an image are not opened")
                .isLessThan(300);
    }

    @Test
    void aScanOfALargeFolderEndsSoonAfterItIsCancelled() throws IOException {
        Path crowded = Files.createDirectory(pool.resolve("crowded"));
        for (int i = 0; i < 2_000; i++) {
            Files.writeString(
                    crowded.resolve("file-" + i), "no image, though long enough to be looked at as if it were one");
        }
        Thread scanning = Thread.currentThread();
        CountingStorage counting = new CountingStorage(new Meanwhile(crowded.resolve("file-1"), scanning::interrupt));

        Throwable failure = catchThrowable(() -> scanner(counting).scan());

        assertThat(failure).isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(Thread.getAllStackTraces().keySet())
                .as("no thread goes on")
                .noneMatch(thread -> thread.getName().contains("ForkJoinPool-") && isScanning(thread));
    }

    @Test
    void qemuCanOpenImagesForWritingAllTheWhileTheyAreScanned() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        Thread scans = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                try {
                    scan(real);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        try {
            for (int i = 0; i < 10; i++) {
                Qemu.Result result = Qemu.io(pool.resolve("late/a"), "write 0 64k");
                assertThat(result.exit()).as(result.output()).isZero();
            }
        } finally {
            stop.set(true);
            scans.join();
        }
    }

    @Test
    void imagesAreNeverOpenedForWriting() throws IOException {
        Set<Storage.OpenMode> modes = ConcurrentHashMap.newKeySet();
        Snapshot snapshot = scan(new ForwardingStorage(real) {
            @Override
            public ImageFile open(Path path, OpenMode mode) throws IOException {
                modes.add(mode);
                return super.open(path, mode);
            }
        });

        assertThat(snapshot.forest().nodes()).allMatch(node -> node.use() == Use.FREE);
        assertThat(modes).containsExactly(Storage.OpenMode.READ);
    }

    private static boolean isScanning(Thread thread) {
        for (StackTraceElement frame : thread.getStackTrace()) {
            if (frame.getClassName().startsWith("io.planish.scan")) {
                return true;
            }
        }
        return false;
    }

    @Test
    void anImageThatGrowsBetweenTheLookAndTheOpeningIsReadAsItIsThen() throws IOException {
        Path late = pool.resolve("late/a");
        byte[] whole = Files.readAllBytes(late);
        Files.write(late, Arrays.copyOf(whole, 70_000));

        Snapshot snapshot = scan(new ForwardingStorage(real) {
            @Override
            public ImageFile openSeen(Path path, FileStatus seen) throws IOException {
                if (path.equals(late)) {
                    Files.write(late, whole);
                }
                return real.openSeen(path, seen);
            }
        });

        assertThat(snapshot.forest().overlays(Chains.ref("base")))
                .singleElement()
                .satisfies(overlay -> assertThat(overlay.problems()).isEmpty());
    }

    @Test
    void anImageThatBecomesAPipeBetweenTheLookAndTheOpeningIsToldOfAndKeepsNobodyWaiting() throws IOException {
        Path late = pool.resolve("late/a");

        Snapshot snapshot = scan(new ForwardingStorage(real) {
            @Override
            public ImageFile openSeen(Path path, FileStatus seen) throws IOException {
                if (path.equals(late)) {
                    Files.delete(late);
                    Qemu.run("mkfifo", late.toString());
                }
                return real.openSeen(path, seen);
            }
        });

        assertThat(snapshot.findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.where()).isEqualTo("p/late/a"));
    }

    /** What happens meanwhile. */
    private interface Event {
        void happen() throws IOException;
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Something happens right after this file is opened. */
    private static final class Meanwhile extends ForwardingStorage {
        private final Path at;
        private final Event event;

        Meanwhile(Path at, Event event) {
            super(new LinuxStorage());
            this.at = at;
            this.event = event;
        }

        @Override
        public ImageFile open(Path path, OpenMode mode) throws IOException {
            ImageFile file = super.open(path, mode);
            if (path.equals(at)) {
                event.happen();
            }
            return file;
        }
    }

    private Snapshot scan(Storage storage) throws IOException {
        return scanner(storage).scan();
    }

    private Scanner scanner(Storage storage) throws IOException {
        Pools pools = Pools.open(
                storage,
                List.of(new PoolConfig(
                        new PoolName("p"), pool, Optional.empty(), true, Optional.empty(), Optional.empty())),
                Pools.MissingMarker.TOLERATE);
        return new Scanner(
                storage,
                pools,
                new PathGate(storage, pools),
                new HeadReader(storage, InstantSource.system()),
                InstantSource.system(),
                2);
    }

    private String path(String name) {
        return pool.resolve(name).toString();
    }

    private void overlay(String name, String backing) {
        Qemu.img("create", "-q", "-f", "qcow2", "-b", backing, "-F", "qcow2", path(name));
    }
}
