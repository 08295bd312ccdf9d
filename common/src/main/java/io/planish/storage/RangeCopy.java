package io.planish.storage;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.planish.storage.ImageFile.CopyMethod;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Brings ranges of other files into one file by the cheapest way that works, and remembers for each other file which one
 * that is. Thread-safe.
 */
final class RangeCopy {
    private static final long FICLONERANGE = 0x4020940DL;
    private static final int START_WRITING = 2;
    /** The most that one call copies, so that it can be left within reasonable time. */
    private static final long CHUNK_BYTES = 16L << 20;

    private final LinuxFile target;
    private volatile long blockBytes;
    private final Map<LinuxFile.Identity, Way> ways = new ConcurrentHashMap<>();

    /** The ways; each that does not work leads to the next. */
    private enum Way {
        CLONE,
        COPY_IN_KERNEL,
        READ_AND_WRITE
    }

    RangeCopy(LinuxFile target) {
        this.target = target;
    }

    /** Copies a range that lies within the source. */
    CopyMethod copy(LinuxFile source, long sourceOffset, long offset, long lengthBytes) throws IOException {
        long block = blockBytes();
        long cloned = 0;
        if (way(source) == Way.CLONE && sourceOffset % block == 0 && offset % block == 0) {
            cloned = clone(source, sourceOffset, offset, lengthBytes - lengthBytes % block);
        }
        if (cloned == lengthBytes) {
            return CopyMethod.CLONED;
        }
        copyBytes(source, sourceOffset + cloned, offset + cloned, lengthBytes - cloned);
        return CopyMethod.COPIED;
    }

    private long blockBytes() throws IOException {
        if (blockBytes == 0) {
            blockBytes = Statfs.of(target.fd(), target.path()).blockBytes();
        }
        return blockBytes;
    }

    private Way way(LinuxFile source) {
        return ways.getOrDefault(source.identity(), Way.CLONE);
    }

    private void fallBack(LinuxFile source, Way next) {
        ways.merge(source.identity(), next, (known, fresh) -> known.compareTo(fresh) > 0 ? known : fresh);
    }

    /** Bytes cloned: all or none. */
    private long clone(LinuxFile source, long sourceOffset, long offset, long lengthBytes) {
        if (lengthBytes == 0) {
            return 0; // to the kernel it would mean: up to the end
        }
        MemorySegment range = Libc.scratch().struct();
        range.set(JAVA_LONG, 0, source.fd());
        range.set(JAVA_LONG, 8, sourceOffset);
        range.set(JAVA_LONG, 16, lengthBytes);
        range.set(JAVA_LONG, 24, offset);
        long result = Libc.call(Syscall.IOCTL, target.fd(), FICLONERANGE, range.address());
        if (result == 0) {
            return lengthBytes;
        }
        fallBack(source, Way.COPY_IN_KERNEL);
        return 0;
    }

    /** Reading and writing comes first where it can be done past the page cache: there it is faster than the kernel's own copy. */
    private void copyBytes(LinuxFile source, long sourceOffset, long offset, long lengthBytes) throws IOException {
        for (long done = 0; done < lengthBytes; ) {
            boolean inKernel = !target.writesUncached() && way(source) != Way.READ_AND_WRITE;
            done += inKernel
                    ? copyInKernel(source, sourceOffset + done, offset + done, lengthBytes - done)
                    : readAndWrite(source, sourceOffset + done, offset + done, lengthBytes - done);
        }
    }

    private long readAndWrite(LinuxFile source, long sourceOffset, long offset, long lengthBytes) throws IOException {
        long length = Math.min(Libc.BUFFER_BYTES, lengthBytes);
        MemorySegment buffer = Libc.scratch().buffer().asSlice(0, length);
        source.readSegment(buffer, sourceOffset);
        target.writeSegment(buffer, offset);
        return length;
    }

    private long copyInKernel(LinuxFile source, long sourceOffset, long offset, long lengthBytes) throws IOException {
        MemorySegment positions = Libc.scratch().struct();
        positions.set(JAVA_LONG, 0, sourceOffset);
        positions.set(JAVA_LONG, 8, offset);
        long result = Libc.call(
                Syscall.COPY_FILE_RANGE,
                source.fd(),
                positions.address(),
                target.fd(),
                positions.address() + Long.BYTES,
                Math.min(CHUNK_BYTES, lengthBytes),
                0);
        if (result == -Errno.ENOSPC || result == -Errno.EDQUOT) {
            throw Errno.failure(result, target.path(), "copy from " + source.path());
        }
        if (result <= 0) {
            // zero where there is data is how some filesystems say «cannot»; other errors are met again, and by the
            // file that has them
            fallBack(source, Way.READ_AND_WRITE);
            return 0;
        }
        // a hint: the next sync finds less to do
        Libc.call(Syscall.SYNC_FILE_RANGE, target.fd(), offset, result, START_WRITING);
        return result;
    }
}
