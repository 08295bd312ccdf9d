package io.planish.storage;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Where a file's bytes stand on its disk, from one offset on: the kernel's {@code FS_IOC_FIEMAP} (Linux' {@code
 * Documentation/filesystems/fiemap.rst}).
 *
 * <pre>
 * request   0 start (8), 8 length (8), 16 flags (4), 20 extents found (4), 24 extents wanted (4), 28 reserved
 * extent    0 logical offset (8), 8 physical offset (8), 16 length (8), 40 flags (4); 56 bytes each, in logical order
 * </pre>
 *
 * One thread.
 */
final class Extents {
    private static final long FIEMAP = 0xC020660BL;
    private static final int SYNC = 1;
    private static final int REQUEST_BYTES = 32;
    private static final int EXTENT_BYTES = 56;
    private static final int WANTED = 64;
    /** Unknown place, not allocated yet, encoded, encrypted, not aligned, inside metadata, packed, not written yet. */
    private static final int NOT_ON_DISK_AS_READ = 0x2 | 0x4 | 0x8 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800;

    private final LinuxFile file;
    private final long start;
    private final MemorySegment map = Arena.ofAuto().allocate(REQUEST_BYTES + WANTED * EXTENT_BYTES, Long.BYTES);
    private int found;
    private int current;

    Extents(LinuxFile file, long start) {
        this.file = file;
        this.start = start;
    }

    /** Whether the first {@code lengthBytes} of both stand in the same place, all of them. */
    boolean sameAs(Extents other, long lengthBytes) throws IOException {
        for (long at = 0; at < lengthBytes; ) {
            if (!seek(at, lengthBytes) || !other.seek(at, lengthBytes) || physical(at) != other.physical(at)) {
                return false;
            }
            at = Math.min(end(), other.end());
        }
        return true;
    }

    /** Goes to the extent that holds {@code at}, counted from the start; false where there is none, or none that can be compared. */
    private boolean seek(long at, long lengthBytes) throws IOException {
        while (current < found && end() <= at) {
            current++;
        }
        if (current == found && !load(at, lengthBytes)) {
            return false;
        }
        return logical() <= at && (extent().get(JAVA_INT, 40) & NOT_ON_DISK_AS_READ) == 0;
    }

    private boolean load(long at, long lengthBytes) throws IOException {
        map.asSlice(0, REQUEST_BYTES).fill((byte) 0);
        map.set(JAVA_LONG, 0, start + at);
        map.set(JAVA_LONG, 8, lengthBytes - at);
        map.set(JAVA_INT, 16, SYNC);
        map.set(JAVA_INT, 24, WANTED);
        long result = Libc.call(Syscall.IOCTL, file.fd(), FIEMAP, map.address());
        if (result == -Errno.EOPNOTSUPP || result == -Errno.ENOTTY) {
            return false;
        }
        Errno.check(result, file.path(), "ask for its extents");
        found = map.get(JAVA_INT, 20);
        current = 0;
        return found > 0;
    }

    private MemorySegment extent() {
        return map.asSlice(REQUEST_BYTES + (long) current * EXTENT_BYTES, EXTENT_BYTES);
    }

    private long logical() {
        return extent().get(JAVA_LONG, 0) - start;
    }

    private long end() {
        return logical() + extent().get(JAVA_LONG, 16);
    }

    private long physical(long at) {
        return extent().get(JAVA_LONG, 8) + at - logical();
    }
}
