package io.planish.storage;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.planish.ImageException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * What statfs(2) tells of a filesystem: {@code struct statfs} of 64-bit Linux, native longs: 0 kind, 8 block size, 32 blocks that an
 * unprivileged writer may use, 72 unit of these blocks, 80 mount flags (bit 0: read-only).
 *
 * @param kind the number that stands for this kind of filesystem
 * @param blockBytes the unit in which it hands out space
 * @param freeBytes what an unprivileged writer may still use
 */
record Statfs(long kind, long blockBytes, long freeBytes, boolean readOnly) {
    private static final long READ_ONLY_FLAG = 1;

    static Statfs of(Path path) throws ImageException {
        return call(Syscall.STATFS, Libc.scratch().name(path), path);
    }

    static Statfs of(int fd, Path path) throws ImageException {
        return call(Syscall.FSTATFS, fd, path);
    }

    private static Statfs call(Syscall syscall, long which, Path path) throws ImageException {
        MemorySegment s = Libc.scratch().struct();
        Errno.check(Libc.call(syscall, which, s.address()), path, "ask the filesystem");
        long block = s.get(JAVA_LONG, 8);
        long unit = s.get(JAVA_LONG, 72) == 0 ? block : s.get(JAVA_LONG, 72);
        return new Statfs(
                s.get(JAVA_LONG, 0),
                block,
                Math.multiplyExact(s.get(JAVA_LONG, 32), unit),
                (s.get(JAVA_LONG, 80) & READ_ONLY_FLAG) != 0);
    }
}
