package io.planish.storage;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens descriptors by absolute names in which no symbolic link is followed. */
final class Descriptors {
    static final int CURRENT_FOLDER = -100;
    static final int READ_ONLY = 0;
    static final int READ_WRITE = 0x2;
    static final int CREATE_NEW = 0xC0;
    static final int NON_BLOCKING = 0x800;
    static final int CLOSE_ON_EXEC = 0x80000;
    static final int NAME_ONLY = 0x200000;

    private static final long RESOLVE_NO_SYMLINKS = 0x04;
    private static final int OPEN_HOW_BYTES = 24;
    private static final int PRIVATE_FILE_MODE = 0600;

    private Descriptors() {}

    /** A new descriptor, close-on-exec. */
    static int open(Path path, int flags) throws ImageException {
        if (!path.isAbsolute()) {
            throw new IllegalArgumentException("'" + path + "' is not absolute");
        }
        int mode = (flags & CREATE_NEW) == 0 ? 0 : PRIVATE_FILE_MODE;
        Libc.Scratch scratch = Libc.scratch();
        MemorySegment how = scratch.struct();
        how.set(JAVA_LONG, 0, flags | CLOSE_ON_EXEC);
        how.set(JAVA_LONG, 8, mode);
        how.set(JAVA_LONG, 16, RESOLVE_NO_SYMLINKS);
        long fd = Libc.call(Syscall.OPENAT2, CURRENT_FOLDER, scratch.name(path), how.address(), OPEN_HOW_BYTES);
        if (fd == -Errno.ENOSYS || fd == -Errno.EPERM) {
            // an old kernel, or a container that forbids calls it does not know
            return openThenLook(path, flags | CLOSE_ON_EXEC, mode);
        }
        return (int) Errno.check(fd, path, "open");
    }

    static int openDirectory(Path directory) throws ImageException {
        return open(directory, READ_ONLY | Syscall.openDirectoryFlag());
    }

    static void close(int fd) {
        Libc.call(Syscall.CLOSE, fd);
    }

    static int openThenLook(Path path, int flags, int mode) throws ImageException {
        long result = Libc.call(Syscall.OPENAT, CURRENT_FOLDER, Libc.scratch().name(path), flags, mode);
        int fd = (int) Errno.check(result, path, "open");
        try {
            Path opened = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd));
            if (!opened.equals(path.normalize())) {
                throw Errno.failure(-Errno.ELOOP, path, "open");
            }
            return fd;
        } catch (ImageException refused) {
            close(fd);
            throw refused;
        } catch (IOException noProc) {
            close(fd);
            throw new ImageException(
                    ErrorKind.IO,
                    path.toString(),
                    "cannot tell which file was opened, /proc is not there",
                    "mount /proc, or use Linux 5.6 or newer",
                    noProc);
        }
    }
}
