package io.planish.storage;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An open file of this machine. */
final class LinuxFile implements ImageFile {
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int KEEP_SIZE = 0x1;
    private static final int PUNCH_HOLE = 0x2;
    private static final int WILL_NEED = 3;
    private static final int DONT_NEED = 4;
    /**
     * Pages that were not cached before do not stay cached, and what is written goes to the disk at once ({@code RWF_DONTCACHE}, Linux
     * 6.14): the cache belongs to running VMs.
     */
    private static final int DONT_CACHE = 0x80;
    /** Shorter ones are gathered in the page cache: the disk had to do each by itself. */
    private static final long UNCACHED_MIN_BYTES = 64 << 10;

    private static final int CLOSED = -1;

    private final Path path;
    private final OpenMode mode;
    private final Identity identity;
    private final QemuLocks locks;
    private final RangeCopy rangeCopy = new RangeCopy(this);
    private volatile int fd;
    private volatile boolean readsUncached = true;
    private volatile boolean writesUncached = true;
    private volatile boolean attributesChanged;
    private volatile @Nullable ImageException syncFailure;

    /** Which file it is, within this process. */
    record Identity(long device, long inode) {}

    LinuxFile(int fd, Path path, OpenMode mode, FileStatus status) {
        this.fd = fd;
        this.path = path;
        this.mode = mode;
        this.identity = new Identity(status.device(), status.inode());
        this.locks = new QemuLocks(fd, path);
    }

    /** The descriptor; its number may be another file's after closing, hence never used then. */
    int fd() {
        int open = fd;
        if (open == CLOSED) {
            throw new IllegalStateException(path + " is closed");
        }
        return open;
    }

    Identity identity() {
        return identity;
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public void read(ByteBuffer into, long offset) throws IOException {
        read(into, offset, false);
    }

    @Override
    public void readData(ByteBuffer into, long offset) throws IOException {
        read(into, offset, true);
    }

    private void read(ByteBuffer into, long offset, boolean data) throws IOException {
        long position = offset;
        if (into.isDirect()) {
            readSegment(MemorySegment.ofBuffer(into), position, data);
            into.position(into.limit());
        }
        while (into.hasRemaining()) {
            int length = Math.min(Libc.BUFFER_BYTES, into.remaining());
            MemorySegment chunk = Libc.scratch().buffer().asSlice(0, length);
            readSegment(chunk, position, data);
            into.put(chunk.asByteBuffer());
            position += length;
        }
    }

    @Override
    public void write(ByteBuffer from, long offset) throws IOException {
        write(from, offset, false);
    }

    @Override
    public void writeData(ByteBuffer from, long offset) throws IOException {
        write(from, offset, true);
    }

    private void write(ByteBuffer from, long offset, boolean data) throws IOException {
        long position = offset;
        if (from.isDirect()) {
            writeSegment(MemorySegment.ofBuffer(from), position, data);
            from.position(from.limit());
        }
        while (from.hasRemaining()) {
            int length = Math.min(Libc.BUFFER_BYTES, from.remaining());
            MemorySegment chunk = Libc.scratch().buffer().asSlice(0, length);
            chunk.copyFrom(MemorySegment.ofBuffer(from).asSlice(0, length));
            writeSegment(chunk, position, data);
            from.position(from.position() + length);
            position += length;
        }
    }

    /** As {@link #readData}, into native memory. */
    void readSegment(MemorySegment into, long offset) throws IOException {
        readSegment(into, offset, true);
    }

    private void readSegment(MemorySegment into, long offset, boolean data) throws IOException {
        long done = 0;
        while (done < into.byteSize()) {
            long length = into.byteSize() - done;
            boolean uncached = data && readsUncached && length >= UNCACHED_MIN_BYTES;
            long read = uncached
                    ? uncached(Syscall.PREADV2, into.address() + done, length, offset + done)
                    : Libc.call(Syscall.PREAD, fd(), into.address() + done, length, offset + done);
            if (read == -Errno.EOPNOTSUPP && uncached) {
                readsUncached = false; // another thread may have found the same at the same time
                continue;
            }
            Errno.check(read, path, "read at 0x" + Long.toHexString(offset + done));
            if (read == 0) {
                into.asSlice(done).fill((byte) 0);
                break;
            }
            done += read;
        }
        Reference.reachabilityFence(into);
    }

    /** As {@link #writeData}, from native memory. */
    void writeSegment(MemorySegment from, long offset) throws IOException {
        writeSegment(from, offset, true);
    }

    private void writeSegment(MemorySegment from, long offset, boolean data) throws IOException {
        long done = 0;
        while (done < from.byteSize()) {
            long length = from.byteSize() - done;
            boolean uncached = data && writesUncached && length >= UNCACHED_MIN_BYTES;
            long written = uncached
                    ? uncached(Syscall.PWRITEV2, from.address() + done, length, offset + done)
                    : Libc.call(Syscall.PWRITE, fd(), from.address() + done, length, offset + done);
            if (written == -Errno.EOPNOTSUPP && uncached) {
                writesUncached = false; // another thread may have found the same at the same time
                continue;
            }
            done += Errno.check(written, path, "write at 0x" + Long.toHexString(offset + done));
        }
        Reference.reachabilityFence(from);
    }

    /** Whether long writes go past the page cache, as far as is known. */
    boolean writesUncached() {
        return writesUncached;
    }

    private long uncached(Syscall call, long address, long lengthBytes, long offset) {
        MemorySegment vector = Libc.scratch().struct();
        vector.set(JAVA_LONG, 0, address);
        vector.set(JAVA_LONG, 8, lengthBytes);
        return Libc.call(call, fd(), vector.address(), 1, offset, 0, DONT_CACHE);
    }

    @Override
    public CopyMethod copyFrom(ImageFile source, long sourceOffset, long offset, long lengthBytes) throws IOException {
        if (!(source instanceof LinuxFile file)) {
            throw new IllegalArgumentException(source.path() + " is not on the same storage");
        }
        long inSource = Math.clamp(source.sizeBytes() - sourceOffset, 0, lengthBytes);
        CopyMethod method = inSource == 0 ? CopyMethod.COPIED : rangeCopy.copy(file, sourceOffset, offset, inSource);
        if (inSource < lengthBytes) {
            writeZeroes(offset + inSource, lengthBytes - inSource);
            return CopyMethod.COPIED;
        }
        return method;
    }

    @Override
    public boolean sharesBlocks(long offset, ImageFile other, long otherOffset, long lengthBytes) throws IOException {
        return other instanceof LinuxFile file
                && file.identity.device() == identity.device()
                && new Extents(this, offset).sameAs(new Extents(file, otherOffset), lengthBytes);
    }

    private void writeZeroes(long offset, long lengthBytes) throws IOException {
        long done = 0;
        while (done < lengthBytes) {
            long length = Math.min(Libc.BUFFER_BYTES, lengthBytes - done);
            writeSegment(Libc.scratch().buffer().asSlice(0, length).fill((byte) 0), offset + done);
            done += length;
        }
    }

    @Override
    public void punch(long offset, long lengthBytes) throws IOException {
        if (lengthBytes == 0) {
            return;
        }
        long result = Libc.call(Syscall.FALLOCATE, fd(), PUNCH_HOLE | KEEP_SIZE, offset, lengthBytes);
        if (result == -Errno.EOPNOTSUPP) {
            writeZeroes(offset, Math.clamp(sizeBytes() - offset, 0, lengthBytes));
        } else {
            Errno.check(result, path, "free at 0x" + Long.toHexString(offset));
        }
    }

    @Override
    public void allocate(long offset, long lengthBytes) throws IOException {
        if (lengthBytes == 0) {
            return;
        }
        long result = Libc.call(Syscall.FALLOCATE, fd(), KEEP_SIZE, offset, lengthBytes);
        if (result != -Errno.EOPNOTSUPP) {
            Errno.check(result, path, "allocate at 0x" + Long.toHexString(offset));
        }
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
        Errno.check(Libc.call(Syscall.FTRUNCATE, fd(), sizeBytes), path, "change the size to " + sizeBytes);
    }

    @Override
    public long nextData(long offset) throws IOException {
        return seek(offset, SEEK_DATA);
    }

    @Override
    public long nextHole(long offset) throws IOException {
        return seek(offset, SEEK_HOLE);
    }

    private long seek(long offset, int what) throws IOException {
        long size = sizeBytes();
        if (offset >= size) {
            return size;
        }
        long result = Libc.call(Syscall.LSEEK, fd(), offset, what);
        if (result == -Errno.ENXIO) {
            return size;
        }
        if (result == -Errno.EINVAL || result == -Errno.EOPNOTSUPP) {
            return what == SEEK_DATA ? offset : size; // a filesystem without holes
        }
        return Errno.check(result, path, "look for data at 0x" + Long.toHexString(offset));
    }

    @Override
    public void sync() throws IOException {
        ImageException earlier = syncFailure;
        if (earlier != null) {
            throw new ImageException(
                    earlier.kind(), path.toString(), earlier.what() + ", earlier", earlier.advice(), earlier);
        }
        long result = Libc.call(attributesChanged ? Syscall.FSYNC : Syscall.FDATASYNC, fd());
        if (result < 0) {
            // the kernel drops what it could not write and says so once: a second call would succeed and mean nothing,
            // and whoever
            // reads from its cache would believe to be on disk what is not
            ImageException failure = Errno.failure(result, path, "make durable");
            syncFailure = failure;
            Libc.call(Syscall.FADVISE, fd(), 0, 0, DONT_NEED);
            throw failure;
        }
    }

    @Override
    public void willNeed(long offset, long lengthBytes) throws IOException {
        Errno.check(Libc.call(Syscall.FADVISE, fd(), offset, lengthBytes, WILL_NEED), path, "read ahead");
    }

    @Override
    public void dropCache(long offset, long lengthBytes) throws IOException {
        Errno.check(Libc.call(Syscall.FADVISE, fd(), offset, lengthBytes, DONT_NEED), path, "drop cached pages");
    }

    @Override
    public FileStatus status() throws IOException {
        return Statx.of(fd(), path);
    }

    @Override
    public long sizeBytes() throws IOException {
        return status().sizeBytes();
    }

    @Override
    public Optional<LockConflict> tryLock(LockMode lockMode) throws IOException {
        if (lockMode == LockMode.WRITE && mode == OpenMode.READ) {
            throw new IllegalStateException(path + " is open for reading only");
        }
        fd();
        return locks.tryLock(lockMode);
    }

    @Override
    public Optional<LockConflict> probeLock(LockMode lockMode) throws IOException {
        fd();
        return locks.probe(lockMode);
    }

    @Override
    public void copyAttributesFrom(ImageFile other) throws IOException {
        if (!(other instanceof LinuxFile file)) {
            throw new IllegalArgumentException(other.path() + " is not on the same storage");
        }
        attributesChanged = true;
        Attributes.copy(file, this);
    }

    @Override
    public void close() throws IOException {
        int open = fd;
        fd = CLOSED;
        if (open != CLOSED) {
            long result = Libc.call(Syscall.CLOSE, open);
            if (result == -Errno.EIO || result == -Errno.ENOSPC || result == -Errno.EDQUOT) {
                throw new ImageException(
                        result == -Errno.EIO ? ErrorKind.IO : ErrorKind.NO_SPACE,
                        path.toString(),
                        "cannot write back what was written",
                        "what was not synced is lost");
            }
        }
    }
}
