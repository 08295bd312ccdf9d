package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;

/**
 * Carries out every operation of {@link LinuxStorage} once, for a binary to prove that all system calls work in it: what is
 * missing in a native image shows only at run time.
 */
public final class SelfTest {
    private static final int BLOCK_BYTES = 65536;

    private SelfTest() {}

    /**
     * Leaves nothing behind in {@code folder}.
     *
     * @return in one line, what the filesystem can do
     * @throws ImageException saying what did not work
     */
    public static String run(Path folder) throws IOException {
        Storage storage = new LinuxStorage();
        Path base = storage.realPath(folder).resolve("planish-self-test-" + UUID.randomUUID());
        Path copy = base.resolveSibling(base.getFileName() + "-copy");
        ImageFile.CopyMethod method;
        try (ImageFile from = storage.create(base);
                ImageFile to = storage.create(copy)) {
            method = filesWork(from, to);
            locksWork(storage, from);
        } finally {
            storage.unlink(base);
            storage.unlink(copy);
        }
        namesWork(storage, base);
        return "files, names and locks work; " + (method == ImageFile.CopyMethod.CLONED ? "clones" : "no clones") + "; "
                + storage.freeBytes(folder) + " bytes free";
    }

    private static ImageFile.CopyMethod filesWork(ImageFile from, ImageFile to) throws IOException {
        byte[] bytes = new byte[BLOCK_BYTES];
        Arrays.fill(bytes, (byte) 7);
        from.allocate(0, BLOCK_BYTES);
        from.write(ByteBuffer.wrap(bytes), 0);
        from.sync();
        from.dropCache(0, BLOCK_BYTES);
        ImageFile.CopyMethod method = to.copyFrom(from, 0, BLOCK_BYTES, BLOCK_BYTES);
        to.copyFrom(from, 1, 3 * BLOCK_BYTES + 1, 100);
        to.copyAttributesFrom(from);
        to.punch(3L * BLOCK_BYTES, BLOCK_BYTES);
        to.truncate(2L * BLOCK_BYTES);
        to.sync();
        ByteBuffer back = ByteBuffer.allocateDirect(BLOCK_BYTES);
        to.read(back, BLOCK_BYTES);
        require(back.flip().equals(ByteBuffer.wrap(bytes)), to.path(), "holds something else than what was copied");
        require(to.sizeBytes() == 2 * BLOCK_BYTES, to.path(), "has another size than was set");
        require(to.nextData(0) <= BLOCK_BYTES && to.nextHole(0) >= 0, to.path(), "has its data elsewhere");
        require(to.status().mode() == from.status().mode(), to.path(), "has other permissions than were set");
        return method;
    }

    private static void locksWork(Storage storage, ImageFile file) throws IOException {
        try (ImageFile other = storage.open(file.path(), OpenMode.READ)) {
            require(file.tryLock(LockMode.WRITE).isEmpty(), file.path(), "cannot be locked");
            require(other.probeLock(LockMode.READ).isPresent(), file.path(), "has a lock that nobody sees");
        }
    }

    private static void namesWork(Storage storage, Path path) throws IOException {
        Path second = path.resolve("second");
        storage.createDirectory(path);
        storage.create(path.resolve("first")).close();
        storage.link(path.resolve("first"), second);
        storage.rename(second, path.resolve("third"));
        storage.syncDirectory(path);
        require(storage.list(path).size() == 2 && !storage.exists(second), path, "holds other names than were given");
        require(!storage.isReadOnly(path), path, "is read-only");
        for (Path name : storage.list(path)) {
            storage.unlink(name);
        }
        java.nio.file.Files.delete(path);
    }

    private static void require(boolean holds, Path path, String what) throws ImageException {
        if (!holds) {
            throw new ImageException(
                    ErrorKind.IO, path.toString(), what, "this filesystem or this build is not fit for Planish");
        }
    }
}
