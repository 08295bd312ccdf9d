package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An open file of a {@link SimulatedStorage}. */
final class SimulatedFile implements ImageFile {
    private static final int BLOCK_BYTES = 4096;

    private final SimulatedStorage storage;
    private final SimulatedInode inode;
    private final Path path;
    private final OpenMode mode;
    private @Nullable LockMode held;
    private LockConflict holder = LockConflict.PLANISH;
    private boolean syncFailed;
    private boolean closed;

    SimulatedFile(SimulatedStorage storage, SimulatedInode inode, Path path, OpenMode mode) {
        this.storage = storage;
        this.inode = inode;
        this.path = path;
        this.mode = mode;
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public void read(ByteBuffer into, long offset) {
        synchronized (storage) {
            requireOpen();
            inode.read(into, offset);
        }
    }

    @Override
    public void write(ByteBuffer from, long offset) throws IOException {
        String what = "write " + path + " 0x" + Long.toHexString(offset) + "+" + from.remaining();
        synchronized (storage) {
            requireWritable();
            store(what, from, offset);
        }
    }

    private void store(String what, ByteBuffer from, long offset) throws IOException {
        storage.step(
                what,
                path,
                () -> {
                    inode.write(from, offset, storage.now());
                    return path;
                },
                failure -> {
                    if (failure != SimulatedStorage.Failure.IO) {
                        inode.write(from.slice(from.position(), from.remaining() / 2), offset, storage.now());
                    }
                });
    }

    @Override
    public CopyMethod copyFrom(ImageFile source, long sourceOffset, long offset, long lengthBytes) throws IOException {
        String what = path + " 0x" + Long.toHexString(offset) + "+" + lengthBytes + " from " + source.path();
        if (storage.clones() && areBlocks(sourceOffset, offset, lengthBytes)) {
            long cloned = storage.copying().cloned(sourceOffset);
            synchronized (storage) {
                requireWritable();
                storage.step("clone " + what, path, () -> {
                    inode.share(((SimulatedFile) source).inode, cloned, offset, lengthBytes, storage.now());
                    return path;
                });
            }
            return CopyMethod.CLONED;
        }
        ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(lengthBytes));
        source.read(buffer, sourceOffset);
        storage.copying().arrive(buffer.clear(), source, sourceOffset);
        synchronized (storage) {
            requireWritable();
            store("copy " + what, buffer.clear(), offset);
        }
        return CopyMethod.COPIED;
    }

    private static boolean areBlocks(long... bytes) {
        return Arrays.stream(bytes).allMatch(one -> one % BLOCK_BYTES == 0);
    }

    @Override
    public boolean sharesBlocks(long offset, ImageFile other, long otherOffset, long lengthBytes) {
        synchronized (storage) {
            return areBlocks(otherOffset, offset, lengthBytes)
                    && inode.shares(((SimulatedFile) other).inode, otherOffset, offset, lengthBytes);
        }
    }

    @Override
    public void punch(long offset, long lengthBytes) throws IOException {
        synchronized (storage) {
            requireWritable();
            storage.step("punch " + path + " 0x" + Long.toHexString(offset) + "+" + lengthBytes, path, () -> {
                inode.punch(offset, lengthBytes, storage.now());
                return path;
            });
        }
    }

    @Override
    public void allocate(long offset, long lengthBytes) {
        synchronized (storage) {
            requireWritable();
        }
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
        synchronized (storage) {
            requireWritable();
            storage.step("truncate " + path + " " + sizeBytes, path, () -> {
                inode.truncate(sizeBytes, storage.now());
                return path;
            });
        }
    }

    @Override
    public long nextData(long offset) {
        synchronized (storage) {
            requireOpen();
            return inode.next(true, offset);
        }
    }

    @Override
    public long nextHole(long offset) {
        synchronized (storage) {
            requireOpen();
            return inode.next(false, offset);
        }
    }

    @Override
    public void sync() throws IOException {
        synchronized (storage) {
            requireOpen();
            if (syncFailed) {
                throw new ImageException(ErrorKind.IO, path.toString(), "an earlier sync failed", "");
            }
            storage.step(
                    "sync " + path,
                    path,
                    () -> {
                        inode.sync();
                        return path;
                    },
                    failure -> {
                        syncFailed = true;
                        inode.dropUnsynced(Survival.of(storage.now()));
                    });
        }
    }

    @Override
    public void willNeed(long offset, long lengthBytes) {
        synchronized (storage) {
            requireOpen();
        }
    }

    @Override
    public void dropCache(long offset, long lengthBytes) {
        synchronized (storage) {
            requireOpen();
        }
    }

    @Override
    public FileStatus status() {
        synchronized (storage) {
            requireOpen();
            return storage.status(inode);
        }
    }

    @Override
    public long sizeBytes() {
        synchronized (storage) {
            requireOpen();
            return inode.sizeBytes();
        }
    }

    @Override
    public Optional<LockConflict> tryLock(LockMode lockMode) {
        synchronized (storage) {
            if (lockMode == LockMode.WRITE) {
                requireWritable();
            }
            Optional<LockConflict> conflict = probeLock(lockMode);
            if (conflict.isEmpty()) {
                held = lockMode;
            }
            return conflict;
        }
    }

    void lockAsOther(LockMode lockMode) {
        holder = LockConflict.OTHER;
        if (tryLock(lockMode).isPresent()) {
            throw new IllegalStateException(path + " is locked already");
        }
    }

    @Override
    public Optional<LockConflict> probeLock(LockMode lockMode) {
        synchronized (storage) {
            requireOpen();
            return storage.openFiles().stream()
                    .filter(other -> other != this && other.inode == inode && other.held != null)
                    .filter(other -> lockMode == LockMode.WRITE || other.held == LockMode.WRITE)
                    .map(other -> other.holder)
                    .findFirst();
        }
    }

    @Override
    public void copyAttributesFrom(ImageFile other) throws IOException {
        SimulatedInode.Attributes wanted = ((SimulatedFile) other).inode.attributes();
        synchronized (storage) {
            requireWritable();
            storage.step("copy attributes " + other.path() + " " + path, path, () -> {
                inode.setAttributes(wanted, storage.now());
                return path;
            });
        }
    }

    @Override
    public void close() {
        synchronized (storage) {
            closed = true;
            held = null;
            storage.openFiles().remove(this);
        }
    }

    private void requireOpen() {
        storage.requirePower();
        if (closed) {
            throw new IllegalStateException(path + " is closed");
        }
    }

    private void requireWritable() {
        requireOpen();
        if (mode == OpenMode.READ) {
            throw new IllegalStateException(path + " is open for reading only");
        }
    }
}
