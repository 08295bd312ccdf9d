package io.planish.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.PoolName;
import io.planish.storage.Pools.MissingMarker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PoolsTest {
    private static final PoolName ONE = new PoolName("one");
    private static final PoolName TWO = new PoolName("two");

    private final Storage storage = new LinuxStorage();

    @TempDir
    Path temp;

    private Path folder;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createDirectory(temp.toRealPath().resolve("pool"));
    }

    private static PoolConfig expecting(String id, Path path) {
        return new PoolConfig(ONE, path, Optional.empty(), false, Optional.empty(), Optional.of(id));
    }

    private static void assertFails(ErrorKind kind, String words, ThrowingCallable action) {
        assertThatThrownBy(action)
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(words)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    @Test
    void aFolderBecomesAPoolOnceAndKeepsItsId() throws IOException {
        String id = PoolMarker.init(storage, folder);

        assertThat(PoolMarker.init(storage, folder)).isEqualTo(id);
        assertThat(PoolMarker.read(storage, folder)).contains(id);
        assertThat(storage.list(folder)).containsExactly(folder.resolve(".planish-pool"));
        assertThat(folder.resolve(".planish-pool")).hasContent(id);
    }

    @Test
    void aMarkerIsThereWholeOrNotAtAllAfterAPowerLossAtAnyStep() throws IOException {
        Path pool = Path.of("/pool");
        for (int step = 1; step <= 7; step++) {
            for (long seed = 0; seed < 40; seed++) {
                SimulatedStorage simulated = new SimulatedStorage();
                simulated.makeFolders(pool);
                simulated.losePowerAfter(step);
                Optional<String> made = initUnlessPowerIsLost(simulated, pool);
                SimulatedStorage after = simulated.afterPowerLoss(seed);

                Optional<String> found = PoolMarker.read(after, pool);

                if (made.isPresent()) {
                    assertThat(found).as("step %d seed %d", step, seed).isEqualTo(made);
                }
                assertThat(PoolMarker.init(after, pool)).isEqualTo(found.orElse(PoolMarker.init(after, pool)));
            }
        }
    }

    private static Optional<String> initUnlessPowerIsLost(Storage storage, Path pool) throws IOException {
        try {
            return Optional.of(PoolMarker.init(storage, pool));
        } catch (SimulatedStorage.PowerLost lost) {
            return Optional.empty();
        }
    }

    @Test
    void twoThatMakeAPoolAtOnceAgreeOnItsId() throws Exception {
        Set<String> ids = java.util.concurrent.ConcurrentHashMap.newKeySet();
        List<Thread> threads = java.util.stream.IntStream.range(0, 8)
                .mapToObj(i -> Thread.ofPlatform().unstarted(() -> ids.add(initUnchecked())))
                .toList();
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(ids).hasSize(1);
        assertThat(storage.list(folder)).hasSize(1);
    }

    private String initUnchecked() {
        try {
            return PoolMarker.init(storage, folder);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void aFileThatIsNoMarkerIsNotOverwritten() throws IOException {
        Files.writeString(folder.resolve(".planish-pool"), "somebody else's\n");

        assertFails(ErrorKind.MALFORMED_IMAGE, "no pool id", () -> PoolMarker.init(storage, folder));
        assertThat(folder.resolve(".planish-pool")).hasContent("somebody else's");
    }

    @Test
    void aMountWithoutTheExpectedMarkerIsNotThePool() throws IOException {
        assertFails(
                ErrorKind.CHANGED_UNDERNEATH,
                "no pool marker where 12345678 was expected (is the right filesystem mounted?)",
                () -> Pools.open(storage, List.of(expecting("12345678", folder)), MissingMarker.CREATE));
        assertThat(storage.list(folder)).isEmpty();

        String id = PoolMarker.init(storage, folder);
        assertFails(
                ErrorKind.CHANGED_UNDERNEATH,
                "has the pool id " + id,
                () -> Pools.open(storage, List.of(expecting("12345678", folder)), MissingMarker.CREATE));
        assertThat(Pools.open(storage, List.of(expecting(id, folder)), MissingMarker.REFUSE)
                        .get(ONE)
                        .id())
                .isEqualTo(id);
    }

    @Test
    void aMissingMarkerIsCreatedToleratedOrRefusedAsAsked() throws IOException {
        List<PoolConfig> configs = List.of(PoolConfig.of(ONE, folder));

        assertFails(ErrorKind.MISSING, "has no pool marker", () -> Pools.open(storage, configs, MissingMarker.REFUSE));
        assertThat(Pools.open(storage, configs, MissingMarker.TOLERATE).get(ONE).id())
                .isEqualTo("unmarked-one");
        assertThat(storage.list(folder)).isEmpty();
        String id = Pools.open(storage, configs, MissingMarker.CREATE).get(ONE).id();
        assertThat(PoolMarker.read(storage, folder)).contains(id);
    }

    @Test
    void aPoolThatIsNotThereOrNoFolderIsNamed() throws IOException {
        Path file = Files.createFile(temp.resolve("file"));

        assertFails(
                ErrorKind.MISSING,
                "no such file",
                () -> Pools.open(storage, List.of(PoolConfig.of(ONE, folder.resolve("x"))), MissingMarker.CREATE));
        assertFails(
                ErrorKind.IO,
                "a pool is a folder",
                () -> Pools.open(storage, List.of(PoolConfig.of(ONE, file)), MissingMarker.CREATE));
    }

    @Test
    void sameAndNestedFoldersAreRefusedAlsoBehindASymbolicLink() throws IOException {
        Path sub = Files.createDirectory(folder.resolve("sub"));
        Path link = Files.createSymbolicLink(temp.resolve("link"), folder);

        for (Path second : List.of(folder, sub, link, link.resolve("sub"))) {
            assertFails(
                    ErrorKind.UNSAFE,
                    "pools 'one' and 'two' overlap",
                    () -> Pools.open(
                            storage,
                            List.of(PoolConfig.of(ONE, folder), PoolConfig.of(TWO, second)),
                            MissingMarker.TOLERATE));
        }
    }

    @Test
    void oneFolderSeenTwiceIsRefusedByItsId() throws IOException {
        Path second = Files.createDirectory(temp.resolve("second"));
        PoolMarker.init(storage, folder);
        Files.copy(folder.resolve(".planish-pool"), second.resolve(".planish-pool"));

        assertFails(
                ErrorKind.UNSAFE,
                "have the same id",
                () -> Pools.open(
                        storage,
                        List.of(PoolConfig.of(ONE, folder), PoolConfig.of(TWO, second)),
                        MissingMarker.REFUSE));
    }

    @Test
    void poolsAreFoundByNameInOrder() {
        Pool one = new Pool(ONE, "1", Path.of("/a"), Path.of("/x"), false, Optional.empty());
        Pool two = new Pool(TWO, "2", Path.of("/b"), Path.of("/y"), false, Optional.empty());
        Pools pools = Pools.of(List.of(two, one));

        assertThat(pools.all()).containsExactly(one, two);
        assertThat(pools.get(TWO)).isEqualTo(two);
        assertThat(pools.find(new PoolName("three"))).isEmpty();
        assertThat(new TreeSet<>(Set.of(TWO, ONE))).containsExactly(ONE, TWO);
        assertThatThrownBy(() -> Pools.of(List.of(one, one))).hasMessageContaining("twice");
    }

    @Test
    void aHostPathIsAbsoluteAndNormalised() {
        assertThat(withHostPath("/vm/../srv/./images").hostPath()).contains(Path.of("/srv/images"));
        assertThatThrownBy(() -> withHostPath("images")).hasMessage("host path 'images' of pool 'one' is not absolute");
    }

    private PoolConfig withHostPath(String hostPath) {
        return new PoolConfig(ONE, folder, Optional.of(Path.of(hostPath)), false, Optional.empty(), Optional.empty());
    }

    @Test
    void locksWorkOnThisFilesystem() throws IOException {
        PoolMarker.init(storage, folder);

        assertThat(Locks.workOn(storage, folder)).isTrue();
        assertThat(storage.isReadOnly(folder)).isFalse();
    }
}
