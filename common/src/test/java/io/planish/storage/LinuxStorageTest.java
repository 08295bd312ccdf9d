package io.planish.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class LinuxStorageTest {
    private final Storage storage = new LinuxStorage();

    @TempDir
    Path temp;

    private Path folder;

    @BeforeEach
    void resolve() throws IOException {
        folder = temp.toRealPath();
    }

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
                .hasMessageContaining(words)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    @Test
    void whatIsWrittenIsReadBackFromHeapAndDirectBuffers() throws IOException {
        byte[] bytes = random(3 << 20);
        Path path = folder.resolve("a");
        try (ImageFile file = storage.create(path)) {
            file.write(ByteBuffer.wrap(bytes), 1000);
            file.write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip(), 1000 + bytes.length);
            file.sync();

            ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length);
            file.read(direct, 1000);
            byte[] back = new byte[bytes.length];
            direct.flip().get(back);

            assertThat(back).isEqualTo(bytes);
            assertThat(read(file, 1000 + bytes.length, bytes.length)).isEqualTo(bytes);
            assertThat(file.sizeBytes()).isEqualTo(1000 + 2L * bytes.length);
            assertThat(Files.size(path)).isEqualTo(1000 + 2L * bytes.length);
        }
    }

    @Test
    void aSliceOfABufferIsReadAndWrittenAtItsPlace() throws IOException {
        try (ImageFile file = storage.create(folder.resolve("a"))) {
            ByteBuffer from = ByteBuffer.wrap(random(100)).position(10).limit(30);
            file.write(from, 5);
            ByteBuffer into = ByteBuffer.allocateDirect(50).position(7).limit(27);
            file.read(into, 5);

            assertThat(from.position()).isEqualTo(30);
            assertThat(into.position()).isEqualTo(27);
            assertThat(into.get(7)).isEqualTo(from.get(10));
            assertThat(into.get(26)).isEqualTo(from.get(29));
            assertThat(file.sizeBytes()).isEqualTo(25);
        }
    }

    @Test
    void pastTheEndReadsZeroes() throws IOException {
        try (ImageFile file = storage.create(folder.resolve("a"))) {
            file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);

            ByteBuffer into = ByteBuffer.wrap(new byte[] {9, 9, 9, 9, 9});
            file.read(into, 1);

            assertThat(into.array()).containsExactly(2, 3, 0, 0, 0);
            assertThat(read(file, 1 << 20, 3)).containsOnly(0);
        }
    }

    @Test
    void copiedRangesArriveAndWhatLiesPastTheSourcesEndIsZero() throws IOException {
        byte[] bytes = random(200_000);
        try (ImageFile source = storage.create(folder.resolve("source"));
                ImageFile target = storage.create(folder.resolve("target"))) {
            source.write(ByteBuffer.wrap(bytes), 0);
            target.write(ByteBuffer.wrap(random(400_000)), 0);

            target.copyFrom(source, 4096, 65536, 65536);
            target.copyFrom(source, 150_001, 200_003, 100_000);
            target.copyFrom(source, 1 << 20, 10, 20);

            assertThat(read(target, 65536, 65536)).isEqualTo(java.util.Arrays.copyOfRange(bytes, 4096, 4096 + 65536));
            assertThat(read(target, 200_003, 49_999)).isEqualTo(java.util.Arrays.copyOfRange(bytes, 150_001, 200_000));
            assertThat(read(target, 250_002, 50_001)).containsOnly(0);
            assertThat(read(target, 10, 20)).containsOnly(0);
            assertThat(target.sizeBytes()).isEqualTo(400_000);
        }
    }

    @Test
    void aPunchedRangeReadsZeroAndGivesItsSpaceBack() throws IOException {
        try (ImageFile file = storage.create(folder.resolve("a"))) {
            file.write(ByteBuffer.wrap(random(1 << 20)), 0);
            file.sync();
            long before = file.status().allocatedBytes();

            file.punch(65536, 1 << 19);
            file.punch(1 << 20, 1 << 20);

            assertThat(read(file, 65536, 1 << 19)).containsOnly(0);
            assertThat(file.sizeBytes()).isEqualTo(1 << 20);
            assertThat(file.status().allocatedBytes()).isEqualTo(before - (1 << 19));
            assertThat(file.nextHole(0)).isEqualTo(65536);
            assertThat(file.nextData(65536)).isEqualTo(65536 + (1 << 19));
            assertThat(file.nextData(1 << 20)).isEqualTo(1 << 20);
            assertThat(file.nextHole(9L << 20)).isEqualTo(1 << 20);
        }
    }

    @Test
    void allocatedSpaceChangesNeitherContentNorSize() throws IOException {
        try (ImageFile file = storage.create(folder.resolve("a"))) {
            byte[] bytes = random(5000);
            file.write(ByteBuffer.wrap(bytes), 0);

            file.allocate(0, 1 << 20);

            assertThat(read(file, 0, 5000)).isEqualTo(bytes);
            assertThat(file.sizeBytes()).isEqualTo(5000);
            assertThat(file.status().allocatedBytes()).isGreaterThanOrEqualTo(1 << 20);
        }
    }

    @Test
    void truncateCutsAndGrowsWithZeroes() throws IOException {
        try (ImageFile file = storage.create(folder.resolve("a"))) {
            file.write(ByteBuffer.wrap(random(5000)), 0);
            file.truncate(100);
            file.truncate(5000);
            file.sync();
            file.dropCache(0, 5000);
            file.willNeed(0, 1 << 20);

            assertThat(read(file, 100, 4900)).containsOnly(0);
            assertThat(file.sizeBytes()).isEqualTo(5000);
        }
    }

    @Test
    void statusTellsWhatTheKernelTells() throws IOException {
        Path path = folder.resolve("a");
        Files.write(path, random(5000));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
        storage.link(path, folder.resolve("b"));

        FileStatus status = storage.status(path);

        assertThat(status.type()).isEqualTo(FileStatus.Type.REGULAR);
        assertThat(status.sizeBytes()).isEqualTo(5000);
        assertThat(status.inode()).isEqualTo(Files.getAttribute(path, "unix:ino"));
        assertThat(status.linkCount()).isEqualTo(2);
        assertThat(status.mode()).isEqualTo(0640);
        assertThat(status.uid()).isEqualTo(Files.getAttribute(path, "unix:uid"));
        assertThat(status.mtimeNanos())
                .isEqualTo(Files.getLastModifiedTime(path).to(TimeUnit.NANOSECONDS));
        assertThat(status.birthTimeNanos()).isBetween(1L, status.ctimeNanos());
        assertThat(storage.status(folder).type()).isEqualTo(FileStatus.Type.DIRECTORY);
        assertThat(storage.status(folder.resolve("b")).device()).isEqualTo(status.device());
    }

    @Test
    void noSymbolicLinkIsFollowedInAnySegment() throws IOException {
        Path real = Files.createDirectory(folder.resolve("real"));
        Files.writeString(real.resolve("a"), "secret");
        Files.createSymbolicLink(folder.resolve("link"), real);
        Files.createSymbolicLink(real.resolve("leaf"), real.resolve("a"));

        assertThat(storage.status(folder.resolve("link")).type()).isEqualTo(FileStatus.Type.SYMLINK);
        assertFails(
                ErrorKind.OUTSIDE_ROOTS, "symbolic link", () -> storage.open(folder.resolve("link/a"), OpenMode.READ));
        assertFails(ErrorKind.OUTSIDE_ROOTS, "symbolic link", () -> storage.open(real.resolve("leaf"), OpenMode.READ));
        assertFails(ErrorKind.OUTSIDE_ROOTS, "symbolic link", () -> storage.create(folder.resolve("link/new")));
        assertFails(ErrorKind.OUTSIDE_ROOTS, "symbolic link", () -> storage.unlink(folder.resolve("link/a")));
        assertFails(
                ErrorKind.OUTSIDE_ROOTS,
                "symbolic link",
                () -> storage.rename(folder.resolve("link/a"), folder.resolve("b")));
        assertThat(storage.realPath(folder.resolve("link/leaf"))).isEqualTo(real.resolve("a"));
        assertThat(real.resolve("a")).hasContent("secret");
    }

    @Test
    void withoutOpenat2SymbolicLinksAreNoticedAfterOpening() throws IOException {
        Path real = Files.createDirectory(folder.resolve("real"));
        Files.writeString(real.resolve("a"), "secret");
        Files.createSymbolicLink(folder.resolve("link"), real);

        assertFails(
                ErrorKind.OUTSIDE_ROOTS,
                "symbolic link",
                () -> Descriptors.openThenLook(folder.resolve("link/a"), Descriptors.CLOSE_ON_EXEC, 0));
        int fd = Descriptors.openThenLook(real.resolve("a"), Descriptors.CLOSE_ON_EXEC, 0);
        Descriptors.close(fd);
        assertThat(fd).isPositive();
    }

    @Test
    @Timeout(10)
    void whatIsNoRegularFileIsRefusedWithoutWaiting() throws IOException {
        Path pipe = folder.resolve("pipe");
        assertThat(Qemu.run("mkfifo", pipe.toString()).exit()).isZero();

        assertFails(ErrorKind.IO, "not a regular file", () -> storage.open(pipe, OpenMode.READ));
        assertFails(ErrorKind.IO, "folder", () -> storage.open(folder, OpenMode.READ));
        assertFails(ErrorKind.IO, "not a regular file", () -> storage.open(Path.of("/dev/zero"), OpenMode.READ));
    }

    @Test
    void missingFilesAndTakenNamesAreTold() throws IOException {
        Path there = folder.resolve("there");
        storage.create(there).close();

        assertFails(ErrorKind.MISSING, "no such file", () -> storage.open(folder.resolve("x"), OpenMode.READ));
        assertFails(ErrorKind.MISSING, "no such file", () -> storage.list(folder.resolve("x")));
        assertFails(ErrorKind.MISSING, "no such file", () -> storage.realPath(folder.resolve("x")));
        assertFails(ErrorKind.IO, "exists already", () -> storage.create(there));
        assertFails(ErrorKind.IO, "exists already", () -> storage.link(there, there));
        assertFails(ErrorKind.IO, "too long", () -> storage.exists(folder.resolve("n".repeat(300))));
        assertFails(ErrorKind.IO, "too long", () -> storage.exists(Path.of("/a".repeat(3000))));
        assertThat(storage.exists(folder.resolve("x"))).isFalse();
        assertThat(storage.exists(there.resolve("below-a-file"))).isFalse();
        assertThat(storage.exists(there)).isTrue();
    }

    @Test
    void namesChangeAsAsked() throws IOException {
        Path a = folder.resolve("ä name");
        Path b = folder.resolve("sub/b");
        storage.create(a).close();
        storage.createDirectory(folder.resolve("sub"));
        storage.link(a, b);
        storage.rename(b, folder.resolve("sub/c"));
        storage.syncDirectory(folder.resolve("sub"));
        storage.unlink(a);
        storage.syncDirectory(folder);

        assertThat(storage.list(folder)).containsExactly(folder.resolve("sub"));
        assertThat(storage.list(folder.resolve("sub"))).containsExactly(folder.resolve("sub/c"));
        assertThat(storage.freeBytes(folder)).isPositive();
    }

    /** It would be overlooked if it seemed to be missing. */
    @Test
    void aFileWhoseNameIsNoTextIsAnErrorAndNotMissing() throws IOException {
        String latin = folder + "/$'\\xe4'.qcow2";
        assertThat(Qemu.run("bash", "-c", "touch " + latin).exit()).isZero();
        Path found = storage.list(folder).getFirst();

        assertFails(ErrorKind.IO, "its name is not text", () -> storage.status(found));
        assertFails(ErrorKind.IO, "its name is not text", () -> storage.exists(found));
        assertFails(ErrorKind.IO, "its name is not text", () -> storage.open(found, OpenMode.READ));
        assertFails(ErrorKind.IO, "its name is not text", () -> storage.unlink(found));
    }

    @Test
    void attributesBecomeThoseOfTheOtherFile() throws IOException {
        Path from = folder.resolve("from");
        Path to = folder.resolve("to");
        Files.writeString(from, "a");
        Files.writeString(to, "b");
        Files.setPosixFilePermissions(from, PosixFilePermissions.fromString("rw-rw----"));
        Files.setAttribute(from, "user:vm", "one".getBytes(StandardCharsets.UTF_8));
        Files.setAttribute(to, "user:old", "two".getBytes(StandardCharsets.UTF_8));
        boolean root = Files.getAttribute(from, "unix:uid").equals(0);
        if (root) {
            Files.setAttribute(from, "unix:uid", 64055);
            Files.setAttribute(from, "unix:gid", 108);
        }

        try (ImageFile source = storage.open(from, OpenMode.READ);
                ImageFile target = storage.open(to, OpenMode.READ_WRITE)) {
            target.copyAttributesFrom(source);
            target.sync();
        }

        FileStatus status = storage.status(to);
        assertThat(status.mode()).isEqualTo(0660);
        assertThat(status.uid()).isEqualTo(storage.status(from).uid());
        assertThat(status.gid()).isEqualTo(storage.status(from).gid());
        assertThat((byte[]) Files.getAttribute(to, "user:vm")).asString().isEqualTo("one");
        assertThatThrownBy(() -> Files.getAttribute(to, "user:old")).isInstanceOf(IOException.class);
        assertThat(to).hasContent("b");
    }

    @Test
    void aClosedFileIsNeverUsedAgain() throws IOException {
        ImageFile file = storage.create(folder.resolve("a"));
        file.close();
        file.close();

        assertThatThrownBy(file::sizeBytes).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> file.write(ByteBuffer.allocate(1), 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> file.tryLock(ImageFile.LockMode.READ)).isInstanceOf(IllegalStateException.class);
    }
}
