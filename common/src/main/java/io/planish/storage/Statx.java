package io.planish.storage;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.planish.ImageException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Reads the kernel's {@code struct statx}, see statx(2). Native byte order.
 *
 * <pre>
 * offset size
 *     16    4  number of names
 *     20    4  user
 *     24    4  group
 *     28    2  type and permissions
 *     32    8  inode
 *     40    8  size in bytes
 *     48    8  allocated, in units of 512 bytes
 *     80   12  birth time: seconds, nanoseconds
 *     96   12  change time
 *    112   12  modification time
 *    136    8  device: major, minor
 * </pre>
 */
final class Statx {
    private static final int EMPTY_PATH = 0x1000;
    private static final int SYMLINK_NO_FOLLOW = 0x100;
    private static final int BASIC_AND_BIRTH_TIME = 0xFFF;
    private static final int TYPE_MASK = 0xF000;
    private static final int PERMISSIONS_MASK = 0xFFF;
    private static final long NANOS = 1_000_000_000L;

    private Statx() {}

    static FileStatus of(int fd, Path path) throws ImageException {
        Libc.Scratch scratch = Libc.scratch();
        return call(fd, scratch.name(""), EMPTY_PATH, scratch, path);
    }

    /** A symbolic link at the end of the path is not followed. */
    static FileStatus of(Path path) throws ImageException {
        Libc.Scratch scratch = Libc.scratch();
        return call(Descriptors.CURRENT_FOLDER, scratch.name(path), SYMLINK_NO_FOLLOW, scratch, path);
    }

    private static FileStatus call(int fd, long name, int flags, Libc.Scratch scratch, Path path)
            throws ImageException {
        MemorySegment s = scratch.struct();
        Errno.check(
                Libc.call(Syscall.STATX, fd, name, flags, BASIC_AND_BIRTH_TIME, s.address()), path, "ask for status");
        int mode = Short.toUnsignedInt(s.get(JAVA_SHORT, 28));
        return new FileStatus(
                type(mode),
                Integer.toUnsignedLong(s.get(JAVA_INT, 136)) << 32 | Integer.toUnsignedLong(s.get(JAVA_INT, 140)),
                s.get(JAVA_LONG, 32),
                nanos(s, 80),
                s.get(JAVA_LONG, 40),
                s.get(JAVA_LONG, 48) * 512,
                nanos(s, 112),
                nanos(s, 96),
                s.get(JAVA_INT, 16),
                mode & PERMISSIONS_MASK,
                s.get(JAVA_INT, 20),
                s.get(JAVA_INT, 24));
    }

    private static long nanos(MemorySegment s, long offset) {
        return s.get(JAVA_LONG, offset) * NANOS + s.get(JAVA_INT, offset + 8);
    }

    private static FileStatus.Type type(int mode) {
        return switch (mode & TYPE_MASK) {
            case 0x8000 -> FileStatus.Type.REGULAR;
            case 0x4000 -> FileStatus.Type.DIRECTORY;
            case 0xA000 -> FileStatus.Type.SYMLINK;
            default -> FileStatus.Type.OTHER;
        };
    }
}
