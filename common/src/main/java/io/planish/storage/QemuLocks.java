package io.planish.storage;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.planish.ImageException;
import io.planish.storage.ImageFile.LockConflict;
import io.planish.storage.ImageFile.LockMode;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The locks of one descriptor, in the bytes by which QEMU's processes keep out of each other's way.
 *
 * <p>A read lock on byte 100+bit says «I use this permission», one on 200+bit «I do not share it»; bit 0 is consistent
 * reading, 1 writing, 3 resizing. All such locks are read locks: they never exclude each other. Whoever has taken his own
 * then asks, for each permission he uses, whether anybody else does not share it, and for each he does not share,
 * whether anybody else uses it; if so he gives up. Byte 300 is Planish's own and QEMU does not look at it: a write lock for
 * {@link LockMode#WRITE}, a read lock for {@link LockMode#READ}; it tells another attempt of ours from a hypervisor.
 *
 * <p>They are OFD locks (see fcntl(2)): they belong to the open file description, so closing another descriptor of the
 * file does not drop them. Not thread-safe.
 */
final class QemuLocks {
    private static final long[] NO_BYTES = {};
    private static final long FIRST_BYTE = 100;
    private static final long PLANISH_BYTE = 300;
    private static final int OFD_GETLK = 36;
    private static final int OFD_SETLK = 37;
    private static final short READ_LOCK = 0;
    private static final short WRITE_LOCK = 1;
    private static final short UNLOCK = 2;

    private final int fd;
    private final Path path;
    private @Nullable LockMode held;

    QemuLocks(int fd, Path path) {
        this.fd = fd;
        this.path = path;
    }

    /** The bytes that say what this mode does and does not let others do. */
    private static long[] bytes(@Nullable LockMode mode) {
        return switch (mode) {
            case null -> NO_BYTES;
            case READ -> new long[] {100, 201, 203};
            case WRITE -> new long[] {100, 101, 103, 200, 201, 203};
        };
    }

    /** The bytes by which somebody else contradicts this mode. */
    private static long[] opposites(LockMode mode) {
        return switch (mode) {
            case READ -> new long[] {200, 101, 103};
            case WRITE -> new long[] {200, 201, 203, 100, 101, 103};
        };
    }

    private static short planishLock(@Nullable LockMode mode) {
        return switch (mode) {
            case null -> UNLOCK;
            case READ -> READ_LOCK;
            case WRITE -> WRITE_LOCK;
        };
    }

    Optional<LockConflict> tryLock(LockMode mode) throws ImageException {
        if (mode == held) {
            return Optional.empty();
        }
        Optional<LockConflict> seen = probe(mode);
        if (seen.isPresent()) {
            return seen;
        }
        // our own byte first: of two attempts one meets the other here, and never takes it for a hypervisor
        if (!set(PLANISH_BYTE, planishLock(mode))) {
            return Optional.of(LockConflict.PLANISH);
        }
        Optional<LockConflict> conflict =
                share(bytes(mode)) && !contradicted(mode) ? Optional.empty() : Optional.of(LockConflict.OTHER);
        if (conflict.isEmpty()) {
            giveUpAllBut(bytes(mode), bytes(held));
            held = mode;
        } else {
            giveUpAllBut(bytes(held), bytes(mode));
            set(PLANISH_BYTE, planishLock(held));
        }
        return conflict;
    }

    Optional<LockConflict> probe(LockMode mode) throws ImageException {
        if (!isTaken(FIRST_BYTE, PLANISH_BYTE + 1 - FIRST_BYTE, WRITE_LOCK)) {
            return Optional.empty();
        }
        if (isTaken(PLANISH_BYTE, planishLock(mode))) {
            return Optional.of(LockConflict.PLANISH);
        }
        return contradicted(mode) ? Optional.of(LockConflict.OTHER) : Optional.empty();
    }

    private boolean contradicted(LockMode mode) throws ImageException {
        for (long opposite : opposites(mode)) {
            if (isTaken(opposite, WRITE_LOCK)) {
                return true;
            }
        }
        return false;
    }

    private boolean share(long[] bytes) throws ImageException {
        for (long position : bytes) {
            if (!set(position, READ_LOCK)) {
                return false;
            }
        }
        return true;
    }

    private void giveUpAllBut(long[] kept, long[] all) throws ImageException {
        for (long position : all) {
            if (Arrays.stream(kept).noneMatch(k -> k == position)) {
                set(position, UNLOCK);
            }
        }
    }

    private boolean set(long position, short type) throws ImageException {
        long result =
                Libc.call(Syscall.FCNTL, fd, OFD_SETLK, flock(position, 1, type).address());
        if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
            return false;
        }
        Errno.check(result, path, "lock");
        return true;
    }

    /** Whether another open file description's lock stands against one of this type. */
    private boolean isTaken(long position, short type) throws ImageException {
        return isTaken(position, 1, type);
    }

    private boolean isTaken(long position, long lengthBytes, short type) throws ImageException {
        MemorySegment flock = flock(position, lengthBytes, type);
        Errno.check(Libc.call(Syscall.FCNTL, fd, OFD_GETLK, flock.address()), path, "ask for locks");
        return flock.get(JAVA_SHORT, 0) != UNLOCK;
    }

    /** {@code struct flock}: type at 0, whence at 2, start at 8, length at 16, process at 24 (zero for OFD locks). */
    private static MemorySegment flock(long position, long lengthBytes, short type) {
        MemorySegment flock = Libc.scratch().struct();
        flock.set(JAVA_SHORT, 0, type);
        flock.set(JAVA_LONG, 8, position);
        flock.set(JAVA_LONG, 16, lengthBytes);
        return flock;
    }
}
