package io.planish.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.PoolName;
import io.planish.storage.ImageFile.CopyMethod;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What differs from filesystem to filesystem, on small ones made for it. */
@Timeout(60)
class LinuxFilesystemsTest {
    private final Storage storage = new LinuxStorage();

    @TempDir
    Path temp;

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static byte[] read(ImageFile file, long offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        file.read(buffer, offset);
        return buffer.array();
    }

    private static void assertFails(ErrorKind kind, String words, ThrowingCallable action) {
        assertThatThrownBy(action)
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(words);
    }

    @Test
    void onXfsAlignedRangesShareTheirExtents() throws IOException {
        byte[] bytes = random(8 << 20);
        try (LoopMount xfs = LoopMount.xfs(temp);
                ImageFile source = storage.create(xfs.folder().resolve("source"));
                ImageFile target = storage.create(xfs.folder().resolve("target"))) {
            source.write(ByteBuffer.wrap(bytes), 0);
            source.sync();
            long free = storage.freeBytes(xfs.folder());

            CopyMethod method = target.copyFrom(source, 1 << 20, 2 << 20, 4 << 20);
            target.sync();

            assertThat(method).isEqualTo(CopyMethod.CLONED);
            assertThat(read(target, 2 << 20, 4 << 20)).isEqualTo(Arrays.copyOfRange(bytes, 1 << 20, 5 << 20));
            assertThat(storage.freeBytes(xfs.folder())).isGreaterThan(free - (1 << 20));
            target.write(ByteBuffer.wrap(new byte[4096]), 2 << 20);
            assertThat(read(source, 1 << 20, 4096)).isEqualTo(Arrays.copyOfRange(bytes, 1 << 20, (1 << 20) + 4096));
        }
    }

    @Test
    void whetherFilesCanShareBlocksIsKnownBeforeAnyDoes() throws IOException {
        try (LoopMount xfs = LoopMount.xfs(temp)) {
            assertThat(storage.clones(xfs.folder())).isTrue();
        }
        try (LoopMount ext4 = LoopMount.ext4(Files.createDirectory(temp.resolve("e")), 8 << 20)) {
            assertThat(storage.clones(ext4.folder())).isFalse();
        }
    }

    @Test
    void clonesShareBlocksWithWhatTheyAreClonesOfAndWithNothingElse() throws IOException {
        try (LoopMount xfs = LoopMount.xfs(temp);
                ImageFile source = storage.create(xfs.folder().resolve("source"));
                ImageFile target = storage.create(xfs.folder().resolve("target"))) {
            source.write(ByteBuffer.wrap(random(8 << 20)), 0);
            target.copyFrom(source, 1 << 20, 2 << 20, 4 << 20);
            target.sync();

            assertThat(target.sharesBlocks(2 << 20, source, 1 << 20, 4 << 20)).isTrue();
            assertThat(target.sharesBlocks((2 << 20) + 8192, source, (1 << 20) + 8192, 65_536))
                    .isTrue();
            assertThat(target.sharesBlocks(2 << 20, source, (1 << 20) + 4096, 65_536))
                    .isFalse();
            assertThat(target.sharesBlocks(2 << 20, source, 1 << 20, (4 << 20) + 4096))
                    .isFalse();
            target.write(ByteBuffer.wrap(new byte[4096]), 3 << 20);
            assertThat(target.sharesBlocks(2 << 20, source, 1 << 20, 4 << 20)).isFalse();
        }
    }

    @Test
    void onXfsUnalignedRangesAndTailsAreCopiedAndAlignedOnesStillClonedAfterwards() throws IOException {
        byte[] bytes = random(300_000);
        try (LoopMount xfs = LoopMount.xfs(temp);
                ImageFile source = storage.create(xfs.folder().resolve("source"));
                ImageFile target = storage.create(xfs.folder().resolve("target"))) {
            source.write(ByteBuffer.wrap(bytes), 0);
            target.write(ByteBuffer.wrap(random(700_000)), 0);

            assertThat(target.copyFrom(source, 513, 1025, 100_000)).isEqualTo(CopyMethod.COPIED);
            assertThat(target.copyFrom(source, 262_144, 262_144, 65_536)).isEqualTo(CopyMethod.COPIED);
            assertThat(target.copyFrom(source, 0, 524_288, 65_536)).isEqualTo(CopyMethod.CLONED);

            assertThat(read(target, 1025, 100_000)).isEqualTo(Arrays.copyOfRange(bytes, 513, 100_513));
            assertThat(read(target, 262_144, 37_856)).isEqualTo(Arrays.copyOfRange(bytes, 262_144, 300_000));
            assertThat(read(target, 300_000, 27_680)).containsOnly(0);
            assertThat(read(target, 327_680, 10_000)).isEqualTo(Arrays.copyOfRange(random(700_000), 327_680, 337_680));
            assertThat(read(target, 524_288, 65_536)).isEqualTo(Arrays.copyOf(bytes, 65_536));
        }
    }

    @Test
    void rangesAreCopiedFromOneFilesystemToAnother() throws IOException {
        byte[] bytes = random(3 << 20);
        Path here = temp.toRealPath();
        try (LoopMount xfs = LoopMount.xfs(temp);
                ImageFile source = storage.create(here.resolve("source"));
                ImageFile target = storage.create(xfs.folder().resolve("target"))) {
            source.write(ByteBuffer.wrap(bytes), 0);

            assertThat(target.copyFrom(source, 0, 4096, bytes.length)).isEqualTo(CopyMethod.COPIED);
            assertThat(target.copyFrom(source, 4096, 8 << 20, 65_536)).isEqualTo(CopyMethod.COPIED);

            assertThat(read(target, 4096, bytes.length)).isEqualTo(bytes);
            assertThat(read(target, 8 << 20, 65_536)).isEqualTo(Arrays.copyOfRange(bytes, 4096, 69_632));
            assertFails(
                    ErrorKind.IO,
                    "on different filesystems",
                    () -> storage.rename(here.resolve("source"), xfs.folder().resolve("x")));
        }
    }

    @Test
    void aFullFilesystemIsToldByKindAndKeepsWhatItHad() throws IOException {
        byte[] bytes = random(1 << 20);
        try (LoopMount ext4 = LoopMount.ext4(temp, 8 << 20);
                ImageFile file = storage.create(ext4.folder().resolve("a"));
                ImageFile other = storage.create(ext4.folder().resolve("b"))) {
            file.write(ByteBuffer.wrap(bytes), 0);
            file.sync();
            long free = storage.freeBytes(ext4.folder());

            assertThat(free).isBetween(1L << 20, 8L << 20);
            assertFails(ErrorKind.NO_SPACE, "no space left", () -> other.write(ByteBuffer.wrap(random(16 << 20)), 0));
            assertFails(ErrorKind.NO_SPACE, "no space left", () -> other.copyFrom(file, 0, 20 << 20, 1 << 20));
            assertFails(ErrorKind.NO_SPACE, "no space left", () -> file.allocate(4 << 20, 16 << 20));
            assertThat(read(file, 0, bytes.length)).isEqualTo(bytes);
            other.truncate(0);
            file.write(ByteBuffer.wrap(bytes), 1 << 20);
            file.sync();
        }
    }

    /** A filesystem in memory has nothing to go past. */
    @Test
    void twoThreadsMayFindAtTheSameTimeThatNothingGoesPastThePageCache() throws Exception {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory));
        Path folder = Files.createTempDirectory(memory, "planish-test-");
        Path path = folder.resolve("a");
        byte[] bytes = random(64 << 10);
        try (ExecutorService together = Executors.newFixedThreadPool(2)) {
            for (int round = 0; round < 2000; round++) {
                try (ImageFile file = round == 0 ? storage.create(path) : storage.open(path, OpenMode.READ_WRITE)) {
                    AtomicInteger waiting = new AtomicInteger(2);
                    Callable<byte[]> one = () -> {
                        waiting.decrementAndGet();
                        while (waiting.get() > 0) {
                            Thread.onSpinWait();
                        }
                        file.write(ByteBuffer.wrap(bytes), 0);
                        return read(file, 0, bytes.length);
                    };
                    for (Future<byte[]> done : together.invokeAll(List.of(one, one))) {
                        assertThat(done.get()).isEqualTo(bytes);
                    }
                }
            }
        } finally {
            Files.deleteIfExists(path);
            Files.delete(folder);
        }
    }

    @Test
    void aReadOnlyFilesystemIsToldAndStaysReadable() throws IOException {
        try (LoopMount ext4 = LoopMount.ext4(temp, 8 << 20)) {
            Path folder = ext4.folder();
            List<PoolConfig> configs = List.of(PoolConfig.of(new PoolName("a"), folder));
            storage.create(folder.resolve("a")).close();
            ext4.remount("ro");

            assertThat(storage.isReadOnly(folder)).isTrue();
            assertFails(ErrorKind.IO, "read-only", () -> storage.open(folder.resolve("a"), OpenMode.READ_WRITE));
            assertFails(ErrorKind.IO, "read-only", () -> storage.create(folder.resolve("b")));
            assertFails(
                    ErrorKind.IO,
                    "has no pool marker and is read-only (mount it writable once)",
                    () -> Pools.open(storage, configs, Pools.MissingMarker.CREATE));
            storage.open(folder.resolve("a"), OpenMode.READ).close();

            ext4.remount("rw");
            Pools.open(storage, configs, Pools.MissingMarker.CREATE);
            ext4.remount("ro");
            assertThat(Pools.open(storage, configs, Pools.MissingMarker.REFUSE).all())
                    .hasSize(1);
        }
    }

    /** The filesystem promises more than the one below it has, so that writing back fails. */
    @Test
    void aSyncThatFailedIsNeverTakenBack() throws IOException {
        try (LoopMount small = LoopMount.ext4(temp, 8 << 20);
                LoopMount promising = LoopMount.ext4(small.folder(), 64 << 20)) {
            ImageFile file = storage.create(promising.folder().resolve("a"));
            file.write(ByteBuffer.wrap(random(24 << 20)), 0);

            assertFails(ErrorKind.NO_SPACE, "cannot make durable", file::sync);
            assertFails(ErrorKind.NO_SPACE, "cannot make durable", file::sync);
            file.close();
        }
    }
}
