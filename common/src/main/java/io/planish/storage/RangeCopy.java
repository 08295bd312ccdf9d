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
    /** The most that one call copies, so that it can be left within reasonable time. */
    private static final long CHUNK_BYTES = 64L << 20;

    private final LinuxFile target;
    private volatile long blockBytes;
    private final Map<LinuxFile.Identity, Way> ways = new ConcurrentHashMap<>();

    /** The ways, cheapest first. */
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
        ways.put(source.identity(), Way.COPY_IN_KERNEL);
        return 0;
    }

    private void copyBytes(LinuxFile source, long sourceOffset, long offset, long lengthBytes) throws IOException {
        long done = 0;
        while (done < lengthBytes && way(source) != Way.READ_AND_WRITE) {
            MemorySegment positions = Libc.scratch().struct();
            positions.set(JAVA_LONG, 0, sourceOffset + done);
            positions.set(JAVA_LONG, 8, offset + done);
            long result = Libc.call(
                    Syscall.COPY_FILE_RANGE,
                    source.fd(),
                    positions.address(),
                    target.fd(),
                    positions.address() + Long.BYTES,
                    Math.min(CHUNK_BYTES, lengthBytes - done),
                    0);
            if (result == -Errno.ENOSPC || result == -Errno.EDQUOT) {
                throw Errno.failure(result, target.path(), "copy from " + source.path());
            }
            if (result <= 0) {
                // zero where there is data is how some filesystems say «cannot»; other errors are met again, and by the
                // file that has them
                ways.put(source.identity(), Way.READ_AND_WRITE);
            } else {
                done += result;
            }
        }
        while (done < lengthBytes) {
            long length = Math.min(Libc.BUFFER_BYTES, lengthBytes - done);
            MemorySegment buffer = Libc.scratch().buffer().asSlice(0, length);
            source.readSegment(buffer, sourceOffset + done);
            target.writeSegment(buffer, offset + done);
            done += length;
        }
    }
}
