package io.planish.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.Chains;
import io.planish.chain.FileFacts;
import io.planish.chain.ImageNode;
import io.planish.chain.PoolName;
import io.planish.chain.Trait;
import io.planish.plan.Snapshot;
import io.planish.qcow2.Backing;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Qemu;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScanCacheTest {
    private static final InstantSource A_MINUTE_LATER = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(1));

    @TempDir
    Path temp;

    private Path pool;
    private Path state;
    private CountingStorage storage;

    @BeforeEach
    void makeAChain() throws IOException {
        temp = temp.toRealPath();
        pool = Files.createDirectory(temp.resolve("p"));
        state = temp.resolve("state");
        storage = new CountingStorage(new LinuxStorage());
        Qemu.img("create", "-q", "-f", "qcow2", path("base"), "8M");
        overlay("a", "base");
        overlay("b", "a");
        Files.writeString(pool.resolve("notes.txt"), "no image, and that is remembered too");
    }

    @Test
    void aSecondScanOfAnUnchangedPoolReadsNothing() throws IOException {
        List<ImageNode> first = List.copyOf(scan(A_MINUTE_LATER).forest().nodes());
        assertThat(storage.opened()).isEqualTo(4);

        List<ImageNode> second = List.copyOf(scan(A_MINUTE_LATER).forest().nodes());

        assertThat(storage.opened()).isZero();
        assertThat(second).isEqualTo(first);
    }

    @Test
    void onlyWhatIsNewOrChangedIsReadAgain() throws IOException {
        scan(A_MINUTE_LATER);
        storage.opened();
        overlay("c", "b");
        Qemu.img("rebase", "-u", "-f", "qcow2", "-b", "base", "-F", "qcow2", path("b"));

        Snapshot second = scan(A_MINUTE_LATER);

        assertThat(storage.opened()).isEqualTo(2);
        assertThat(second.forest().chain(Chains.ref("c")))
                .extracting(n -> n.ref().path())
                .containsExactly("base", "b", "c");
    }

    @Test
    void aFileThatChangedAMomentAgoIsNotRemembered() throws IOException {
        scan(InstantSource.system());
        storage.opened();

        scan(InstantSource.system());

        assertThat(storage.opened()).isEqualTo(4);
    }

    @Test
    void anImageWithSomethingWrongIsLookedAtEachTime() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path("b"), "rw")) {
            file.seek(40);
            file.writeLong(1L << 40);
        }
        scan(A_MINUTE_LATER);
        storage.opened();

        Snapshot second = scan(A_MINUTE_LATER);

        assertThat(storage.opened()).isEqualTo(1);
        assertThat(second.forest().closed(Chains.ref("b"))).isPresent();
    }

    @Test
    void whatIsGoneIsForgotten() throws IOException {
        scan(A_MINUTE_LATER);
        long before = Files.size(cacheFile());
        Files.delete(pool.resolve("b"));

        scan(A_MINUTE_LATER);

        assertThat(Files.size(cacheFile())).isLessThan(before);
    }

    @Test
    void anUnchangedPoolsFileIsNotWrittenAgain() throws IOException {
        scan(A_MINUTE_LATER);
        Object before = Files.getAttribute(cacheFile(), "unix:ino");

        scan(A_MINUTE_LATER);

        assertThat(Files.getAttribute(cacheFile(), "unix:ino")).isEqualTo(before);
    }

    @Test
    void aDamagedOrTruncatedFileIsAsGoodAsNone() throws IOException {
        List<ImageNode> truth = List.copyOf(scan(A_MINUTE_LATER).forest().nodes());
        byte[] good = Files.readAllBytes(cacheFile());
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            byte[] bad = good.clone();
            if (i % 2 == 0) {
                bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            } else {
                bad = java.util.Arrays.copyOf(bad, random.nextInt(bad.length));
            }
            Files.write(cacheFile(), bad);
            storage.opened();

            Snapshot snapshot = scan(A_MINUTE_LATER);

            assertThat(storage.opened()).as("damage %d", i).isEqualTo(4);
            assertThat(List.copyOf(snapshot.forest().nodes())).isEqualTo(truth);
        }
    }

    @Test
    void anotherFoldersFileIsNotBelieved() throws IOException {
        scan(A_MINUTE_LATER);
        Path mine = cacheFile();
        byte[] content = Files.readAllBytes(mine);
        Files.delete(mine);
        Path elsewhere = Files.createDirectories(temp.resolve("elsewhere/p"));
        pool = elsewhere;
        Qemu.img("create", "-q", "-f", "qcow2", path("base"), "8M");
        scan(A_MINUTE_LATER);
        Files.write(cacheFile(), content);
        storage.opened();

        scan(A_MINUTE_LATER);

        assertThat(storage.opened()).isEqualTo(1);
    }

    @Test
    void scansThatEndAtOnceLeaveAWholeFile() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Callable<Integer>> scans = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                String name = "new-" + i;
                scans.add(() -> {
                    overlay(name, "base");
                    return scan(A_MINUTE_LATER).forest().nodes().size();
                });
            }
            for (Future<Integer> scan : threads.invokeAll(scans)) {
                assertThat(scan.get()).isGreaterThan(3);
            }
        }
        scan(A_MINUTE_LATER);
        storage.opened();

        assertThat(scan(A_MINUTE_LATER).forest().nodes()).hasSize(43);
        assertThat(storage.opened()).isZero();
        try (Stream<Path> files = Files.list(state)) {
            assertThat(files).as("no draft stays").hasSize(1);
        }
    }

    @Test
    void aStateFolderThatCannotBeWrittenToIsNoFailure() throws IOException {
        Files.writeString(state, "a file where the folder should be");

        assertThat(scan(A_MINUTE_LATER).forest().nodes()).hasSize(3);
    }

    @Test
    void everyHeadIsReadBackAsItWasWritten() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            FileFacts facts = new FileFacts(
                    "id",
                    random.nextLong(),
                    random.nextLong(),
                    random.nextLong(),
                    random.nextLong(),
                    random.nextLong());
            FileHead head = random.nextInt(10) == 0 ? FileHead.NO_IMAGE : head(random);
            ByteBuffer record = ByteBuffer.wrap(HeadCodec.encode(facts, head));

            assertThat(HeadCodec.count(record)).isEqualTo(1);
            assertThat(HeadCodec.matches(record, 0, facts)).isTrue();
            assertThat(HeadCodec.head(record, 0)).as("seed %d", seed).isEqualTo(head);
        }
    }

    private static FileHead head(Random random) {
        Set<Trait> traits = EnumSet.noneOf(Trait.class);
        EnumSet.allOf(Trait.class).stream().filter(t -> random.nextBoolean()).forEach(traits::add);
        String name = "ä\uD83D\uDE00/".repeat(random.nextInt(Backing.MAX_NAME_BYTES / 7)) + "x";
        Optional<Backing> backing = random.nextInt(4) == 0
                ? Optional.empty()
                : Optional.of(new Backing(name, random.nextBoolean() ? Optional.of("qcow2") : Optional.empty()));
        return new FileHead(true, random.nextLong(), 1 << random.nextInt(22), backing, traits, List.of());
    }

    private Snapshot scan(InstantSource clock) throws IOException {
        Pools pools = Pools.open(
                storage,
                List.of(new PoolConfig(
                        new PoolName("p"), pool, Optional.empty(), true, Optional.empty(), Optional.empty())),
                Pools.MissingMarker.TOLERATE);
        ScanCache cache = ScanCache.in(state, pools);
        Snapshot snapshot = new Scanner(
                        storage, pools, new PathGate(storage, pools), new HeadReader(storage, clock, cache), clock, 2)
                .scanWithoutUse();
        cache.save();
        return snapshot;
    }

    private Path cacheFile() throws IOException {
        try (Stream<Path> files = Files.list(state)) {
            return files.findFirst().orElseThrow();
        }
    }

    private String path(String name) {
        return pool.resolve(name).toString();
    }

    private void overlay(String name, String backing) {
        Qemu.img("create", "-q", "-f", "qcow2", "-b", backing, "-F", "qcow2", path(name));
    }
}
