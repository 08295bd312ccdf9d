package io.planish.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.storage.ImageFile.LockConflict;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.SimulatedStorage.Failure;
import io.planish.storage.SimulatedStorage.PowerLost;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulatedStorageTest {
    private static final int SECTOR = 512;
    private static final Path POOL = Path.of("/pool");
    private static final Path A = POOL.resolve("a");
    private static final Path B = POOL.resolve("b");
    private static final Path TRASH = POOL.resolve("trash");

    private final SimulatedStorage storage = new SimulatedStorage();

    @BeforeEach
    void makePool() throws IOException {
        storage.makeFolders(TRASH);
    }

    private static byte[] filled(int value, int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static void write(ImageFile file, int value, int length, long offset) throws IOException {
        file.write(ByteBuffer.wrap(filled(value, length)), offset);
    }

    private static byte[] content(Storage storage, Path path) {
        try (ImageFile file = storage.open(path, OpenMode.READ)) {
            ByteBuffer buffer = ByteBuffer.allocate((int) file.sizeBytes());
            file.read(buffer, 0);
            return buffer.array();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private ImageFile durable(Path path, int value, int length) throws IOException {
        ImageFile file = storage.create(path);
        write(file, value, length, 0);
        file.sync();
        storage.syncDirectory(POOL);
        return file;
    }

    /** All that may be found after power losses now, as told by {@code look}. */
    private <T> Set<T> outcomes(Function<SimulatedStorage, T> look) {
        Set<T> outcomes = new HashSet<>();
        LongStream.range(0, 300).forEach(seed -> outcomes.add(look.apply(storage.afterPowerLoss(seed))));
        return outcomes;
    }

    private static String names(SimulatedStorage storage) {
        return storage.files().toString();
    }

    @Test
    void whatWasSyncedSurvivesWithItsNameOnlyWhenTheFolderWasSyncedToo() throws IOException {
        ImageFile file = storage.create(A);
        write(file, 1, 1000, 0);
        file.sync();

        assertThat(outcomes(SimulatedStorageTest::names)).containsExactlyInAnyOrder("[]", "[/pool/a]");
        storage.syncDirectory(POOL);
        assertThat(outcomes(SimulatedStorageTest::names)).containsExactly("[/pool/a]");
        assertThat(outcomes(s -> ByteBuffer.wrap(content(s, A)))).containsExactly(ByteBuffer.wrap(filled(1, 1000)));
    }

    @Test
    void ofUnsyncedSectorsAnySubsetSurvivesInAnyOfTheirVersions() throws IOException {
        ImageFile file = durable(A, 1, 2 * SECTOR);
        write(file, 2, 2 * SECTOR, 0);
        write(file, 3, SECTOR, 0);

        Set<String> found = outcomes(s -> {
            byte[] bytes = content(s, A);
            assertThat(bytes).hasSize(2 * SECTOR);
            assertThat(Arrays.copyOf(bytes, SECTOR)).containsOnly(bytes[0]);
            assertThat(Arrays.copyOfRange(bytes, SECTOR, 2 * SECTOR)).containsOnly(bytes[SECTOR]);
            return bytes[0] + " " + bytes[SECTOR];
        });

        assertThat(found).containsExactlyInAnyOrder("1 1", "1 2", "2 1", "2 2", "3 1", "3 2");
        assertThat(content(storage, A)).startsWith(filled(3, SECTOR)).endsWith(filled(2, SECTOR));
    }

    @Test
    void seedZeroLosesAllThatWasNotDurableAndSeedOneNothing() throws IOException {
        ImageFile file = durable(A, 1, 4 * SECTOR);
        write(file, 2, 8 * SECTOR, 0);
        storage.rename(A, B);

        assertThat(content(storage.afterPowerLoss(0), A)).isEqualTo(filled(1, 4 * SECTOR));
        assertThat(content(storage.afterPowerLoss(1), B)).isEqualTo(filled(2, 8 * SECTOR));
        assertThat(names(storage.afterPowerLoss(0))).isEqualTo("[/pool/a]");
        assertThat(names(storage.afterPowerLoss(1))).isEqualTo("[/pool/b]");
    }

    @Test
    void anUnsyncedSizeMayBeTheOldOneAndGrowthMayBeZeroes() throws IOException {
        ImageFile file = durable(A, 1, SECTOR);
        write(file, 2, SECTOR, SECTOR);

        assertThat(outcomes(s -> content(s, A).length)).containsExactlyInAnyOrder(SECTOR, 2 * SECTOR);
        assertThat(outcomes(s -> content(s, A)[content(s, A).length - 1]))
                .containsExactlyInAnyOrder((byte) 1, (byte) 0, (byte) 2);
    }

    @Test
    void anUnsyncedTruncationMayNotHaveHappenedAndNeverBringsOldBytesBackLater() throws IOException {
        ImageFile file = durable(A, 1, 3 * SECTOR);
        file.truncate(100);

        Set<Integer> sizes = outcomes(s -> {
            int size = content(s, A).length;
            try (ImageFile again = s.open(A, OpenMode.READ_WRITE)) {
                again.truncate(4 * SECTOR);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            assertThat(Arrays.copyOfRange(content(s, A), size, 4 * SECTOR)).containsOnly(0);
            return size;
        });

        assertThat(sizes).containsExactlyInAnyOrder(100, 3 * SECTOR);
        assertThat(outcomes(s -> content(s, A)[50])).containsExactly((byte) 1);
    }

    @Test
    void aPunchedRangeMayStillBeThere() throws IOException {
        ImageFile file = durable(A, 1, 4 * SECTOR);
        file.punch(SECTOR, 2 * SECTOR);

        assertThat(file.nextHole(0)).isEqualTo(SECTOR);
        assertThat(file.nextData(SECTOR)).isEqualTo(3 * SECTOR);
        assertThat(file.status().allocatedBytes()).isEqualTo(2 * SECTOR);
        assertThat(outcomes(s -> content(s, A)[SECTOR] + " " + content(s, A)[2 * SECTOR]))
                .containsExactlyInAnyOrder("0 0", "0 1", "1 0", "1 1");
    }

    @Test
    void aRenameHappenedOrNotButNeverLosesTheFile() throws IOException {
        durable(A, 1, SECTOR).close();
        storage.rename(A, TRASH.resolve("a"));

        assertThat(outcomes(SimulatedStorageTest::names)).containsExactlyInAnyOrder("[/pool/a]", "[/pool/trash/a]");
        storage.syncDirectory(TRASH);
        assertThat(outcomes(SimulatedStorageTest::names)).containsExactly("[/pool/trash/a]");
    }

    @Test
    void replacingALeafBeforeItsOtherNameIsDurableCanLoseIt() throws IOException {
        durable(A, 1, SECTOR).close();
        durable(B, 2, SECTOR).close();
        storage.link(A, TRASH.resolve("a"));
        storage.rename(B, A);
        storage.syncDirectory(POOL);

        assertThat(outcomes(SimulatedStorageTest::names))
                .containsExactlyInAnyOrder("[/pool/a]", "[/pool/a, /pool/trash/a]");
        storage.syncDirectory(TRASH);
        assertThat(outcomes(SimulatedStorageTest::names)).containsExactly("[/pool/a, /pool/trash/a]");
        assertThat(outcomes(s -> content(s, A)[0])).containsExactly((byte) 2);
    }

    @Test
    void filesInAFolderWhoseNameIsNotDurableMayBeGone() throws IOException {
        Path sub = POOL.resolve("sub");
        storage.createDirectory(sub);
        storage.create(sub.resolve("a")).close();
        storage.syncDirectory(sub);

        assertThat(outcomes(SimulatedStorageTest::names)).containsExactlyInAnyOrder("[]", "[/pool/sub/a]");
    }

    @Test
    void linksShareTheirContent() throws IOException {
        durable(A, 1, SECTOR).close();
        storage.link(A, B);
        try (ImageFile file = storage.open(B, OpenMode.READ_WRITE)) {
            write(file, 2, SECTOR, 0);
        }

        assertThat(content(storage, A)).isEqualTo(filled(2, SECTOR));
        assertThat(storage.status(A).linkCount()).isEqualTo(2);
        storage.unlink(A);
        assertThat(storage.status(B).linkCount()).isEqualTo(1);
    }

    @Test
    void powerIsLostBeforeOrAfterAStepAndThenNothingWorks() throws IOException {
        ImageFile file = durable(A, 1, SECTOR);
        long next = storage.steps() + 1;
        SimulatedStorage before = storage.fork();
        before.losePowerBefore(1);
        storage.losePowerAfter(next);

        assertThatThrownBy(() -> write(before.open(A, OpenMode.READ_WRITE), 2, SECTOR, 0))
                .isInstanceOf(PowerLost.class)
                .hasMessageContaining("before step 1: write /pool/a");
        assertThatThrownBy(() -> write(file, 2, SECTOR, 0)).isInstanceOf(PowerLost.class);
        assertThatThrownBy(() -> storage.exists(A)).isInstanceOf(PowerLost.class);
        assertThatThrownBy(file::sizeBytes).isInstanceOf(PowerLost.class);
        assertThat(content(before.afterPowerLoss(1), A)).containsOnly(1);
        assertThat(content(storage.afterPowerLoss(1), A)).containsOnly(2);
    }

    @Test
    void everyChangeAndEverySyncIsOneStep() throws IOException {
        long start = storage.steps();
        ImageFile file = storage.create(A);
        write(file, 1, 100_000, 0);
        file.copyFrom(file, 0, 200_000, 100);
        file.punch(0, 512);
        file.truncate(1);
        file.copyAttributesFrom(file);
        file.sync();
        file.status();
        content(storage, A);
        storage.link(A, B);
        storage.rename(B, POOL.resolve("c"));
        storage.unlink(A);
        storage.createDirectory(B);
        storage.syncDirectory(POOL);

        assertThat(storage.steps() - start).isEqualTo(12);
    }

    @Test
    void aFailedSyncStaysFailedAndWhatIsReadThenIsWhatIsOnDisk() throws IOException {
        ImageFile file = durable(A, 1, SECTOR);
        write(file, 2, SECTOR, 0);
        storage.failStep(storage.steps() + 1, Failure.IO);

        assertThatThrownBy(file::sync)
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.IO));
        assertThatThrownBy(file::sync).isInstanceOf(ImageException.class);
        try (ImageFile other = storage.open(A, OpenMode.READ_WRITE)) {
            other.sync();
            byte onDisk = content(storage, A)[0];
            assertThat(outcomes(s -> content(s, A)[0])).containsExactly(onDisk);
            write(other, 2, SECTOR, 0);
            other.sync();
            assertThat(outcomes(s -> content(s, A)[0])).containsExactly((byte) 2);
        }
    }

    @Test
    void onAFullDiskHalfAWriteIsDone() throws IOException {
        ImageFile file = durable(A, 1, 2 * SECTOR);
        storage.failStep(storage.steps() + 1, Failure.NO_SPACE);

        assertThatThrownBy(() -> write(file, 2, 2 * SECTOR, 0))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NO_SPACE));
        assertThat(content(storage, A)).startsWith(filled(2, SECTOR)).endsWith(filled(1, SECTOR));
        write(file, 3, 2 * SECTOR, 0);
    }

    @Test
    void aForkDoesNotSeeWhatTheOtherWrites() throws IOException {
        ImageFile file = durable(A, 1, 4 * SECTOR);
        write(file, 2, SECTOR, SECTOR);
        SimulatedStorage fork = storage.fork();
        write(file, 3, 2 * SECTOR, 0);
        storage.create(B).close();
        try (ImageFile other = fork.open(A, OpenMode.READ_WRITE)) {
            write(other, 4, SECTOR, 3 * SECTOR);
            other.sync();
        }

        assertThat(content(fork, A)[0]).isEqualTo((byte) 1);
        assertThat(content(fork, A)[SECTOR]).isEqualTo((byte) 2);
        assertThat(content(storage, A)[3 * SECTOR]).isEqualTo((byte) 1);
        assertThat(fork.exists(B)).isFalse();
        assertThat(content(storage.afterPowerLoss(0), A)).containsOnly(1);
    }

    @Test
    void locksHoldBetweenOpenFilesAndEndWithThem() throws Exception {
        durable(A, 1, SECTOR).close();
        ImageFile first = storage.open(A, OpenMode.READ_WRITE);
        ImageFile second = storage.open(A, OpenMode.READ_WRITE);

        assertThat(first.tryLock(LockMode.WRITE)).isEmpty();
        assertThat(second.tryLock(LockMode.READ)).contains(LockConflict.PLANISH);
        first.close();
        assertThat(second.tryLock(LockMode.READ)).isEmpty();
        try (AutoCloseable hypervisor = storage.lockElsewhere(A, LockMode.READ)) {
            assertThat(hypervisor).isNotNull();
            assertThat(second.probeLock(LockMode.READ)).isEmpty();
            assertThat(second.tryLock(LockMode.WRITE)).contains(LockConflict.OTHER);
        }
        assertThat(second.tryLock(LockMode.WRITE)).isEmpty();
        assertThat(storage.afterPowerLoss(0).open(A, OpenMode.READ_WRITE).tryLock(LockMode.WRITE))
                .isEmpty();
    }

    @Test
    void attributesAndTimesAreDurableAfterASyncThatHasAttributesToWrite() throws IOException {
        durable(A, 1, SECTOR).close();
        ImageFile b = durable(B, 2, SECTOR);
        storage.setExtendedAttribute(A, "user.vm", "one");
        try (ImageFile a = storage.open(A, OpenMode.READ)) {
            b.copyAttributesFrom(a);
        }

        assertThat(outcomes(s -> extended(s).size())).containsExactlyInAnyOrder(0, 1);
        b.sync();
        assertThat(outcomes(s -> extended(s).size())).containsExactly(1);
    }

    private static java.util.Map<String, String> extended(SimulatedStorage storage) {
        try {
            return storage.extendedAttributes(B);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aRealFileComesInAndGoesOutUnchanged(@TempDir Path folder) throws IOException {
        Path real = folder.resolve("real");
        Path back = folder.resolve("back");
        byte[] bytes = new byte[300_001];
        new Random(1).nextBytes(bytes);
        Arrays.fill(bytes, 1000, 200_000, (byte) 0);
        Files.write(real, bytes);

        storage.load(real, TRASH.resolve("x/y"));
        storage.save(TRASH.resolve("x/y"), back);

        assertThat(back).hasBinaryContent(bytes);
        assertThat(content(storage.afterPowerLoss(0), TRASH.resolve("x/y"))).isEqualTo(bytes);
        assertThat(storage.status(TRASH.resolve("x/y")).allocatedBytes()).isLessThan(110_000);
        assertThat(storage.list(TRASH)).isEqualTo(List.of(TRASH.resolve("x")));
    }

    @Test
    void theSameSeedGivesTheSameStorage() throws IOException {
        ImageFile file = durable(A, 1, 100 * SECTOR);
        write(file, 2, 80 * SECTOR, 10 * SECTOR);
        storage.create(B).close();

        for (long seed = 2; seed < 50; seed++) {
            SimulatedStorage one = storage.afterPowerLoss(seed);
            SimulatedStorage other = storage.fork().afterPowerLoss(seed);
            assertThat(content(one, A)).as("seed %d", seed).isEqualTo(content(other, A));
            assertThat(names(one)).as("seed %d", seed).isEqualTo(names(other));
        }
    }

    @Test
    void missingAndTakenNamesFailAsOnARealFilesystem() {
        assertThatThrownBy(() -> storage.open(A, OpenMode.READ))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MISSING));
        assertThatThrownBy(() -> storage.createDirectory(TRASH))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.IO));
    }
}
