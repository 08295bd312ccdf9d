package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.nio.file.Path;

/** What the kernel says went wrong, in words. */
final class Errno {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EIO = 5;
    static final int ENXIO = 6;
    static final int EAGAIN = 11;
    static final int EACCES = 13;
    static final int EBUSY = 16;
    static final int EEXIST = 17;
    static final int EXDEV = 18;
    static final int ENOTDIR = 20;
    static final int EISDIR = 21;
    static final int EINVAL = 22;
    static final int ENFILE = 23;
    static final int EMFILE = 24;
    static final int ENOTTY = 25;
    static final int ETXTBSY = 26;
    static final int EFBIG = 27;
    static final int ENOSPC = 28;
    static final int EROFS = 30;
    static final int EMLINK = 31;
    static final int ENAMETOOLONG = 36;
    static final int ENOSYS = 38;
    static final int ENOTEMPTY = 39;
    static final int ELOOP = 40;
    static final int ENODATA = 61;
    static final int EOPNOTSUPP = 95;
    static final int ESTALE = 116;
    static final int EDQUOT = 122;

    private Errno() {}

    /** The result of a call, or the failure {@code cannot <doing>: …} of {@code path}. */
    static long check(long result, Path path, String doing) throws ImageException {
        if (result < 0) {
            throw failure(result, path, doing);
        }
        return result;
    }

    /** The failure {@code cannot <doing>: …} of {@code path} for a call's negative result. */
    static ImageException failure(long result, Path path, String doing) {
        int errno = (int) -result;
        return new ImageException(kind(errno), path.toString(), "cannot " + doing + ": " + words(errno), advice(errno));
    }

    private static ErrorKind kind(int errno) {
        return switch (errno) {
            case ENOSPC, EDQUOT -> ErrorKind.NO_SPACE;
            case ENOENT, ENOTDIR -> ErrorKind.MISSING;
            case ELOOP -> ErrorKind.OUTSIDE_ROOTS;
            default -> ErrorKind.IO;
        };
    }

    private static String words(int errno) {
        return switch (errno) {
            case EPERM -> "operation not permitted";
            case ENOENT -> "no such file";
            case EIO -> "the disk reported an error";
            case EACCES -> "permission denied";
            case EBUSY -> "busy";
            case EEXIST -> "a file of this name exists already";
            case EXDEV -> "the two names are on different filesystems";
            case ENOTDIR -> "a part of the path is not a folder";
            case EISDIR -> "it is a folder";
            case EMFILE, ENFILE -> "too many open files";
            case ETXTBSY -> "it is a running program or a swap file";
            case EFBIG -> "larger than the filesystem allows";
            case ENOSPC -> "no space left on the filesystem";
            case EROFS -> "the filesystem is read-only";
            case EMLINK -> "the file has too many names";
            case ENAMETOOLONG -> "the name is too long";
            case ENOTEMPTY -> "the folder is not empty";
            case ELOOP -> "a symbolic link stands in the path";
            case EOPNOTSUPP -> "the filesystem cannot do this";
            case ESTALE -> "the network filesystem lost the file";
            case EDQUOT -> "the quota is reached";
            default -> "error " + errno;
        };
    }

    private static String advice(int errno) {
        return switch (errno) {
            case EPERM, EACCES -> "run as a user who may";
            case EIO, ESTALE -> "look into the kernel's log";
            case EMFILE, ENFILE -> "raise the limit of open files";
            case ENOSPC -> "make room, then run again";
            case EDQUOT -> "raise the quota, then run again";
            case EROFS -> "mount it writable";
            case ELOOP -> "use the path that the link leads to";
            default -> "";
        };
    }
}
