package io.planish.storage;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.lang.foreign.MemorySegment;

/** How many files this process may have open. */
final class OpenFileLimit {
    private static final int NOFILE = 7;
    private static final int SELF = 0;
    private static final int STRUCT_BYTES = 16;

    /** What a process needs besides the images: standard streams, jars, a folder that is being read. */
    private static final int OTHERS = 64;

    private OpenFileLimit() {}

    /** @throws ImageException if so many images cannot be open at once */
    static void require(int images) throws ImageException {
        MemorySegment limits = Libc.scratch().struct().asSlice(0, STRUCT_BYTES);
        long wanted = (long) images + OTHERS;
        if (Libc.call(Syscall.PRLIMIT, SELF, NOFILE, 0, limits.address()) < 0) {
            return; // nothing is known: opening will tell
        }
        if (Long.compareUnsigned(limits.get(JAVA_LONG, 0), wanted) >= 0) {
            return;
        }
        long most = limits.get(JAVA_LONG, Long.BYTES);
        limits.set(JAVA_LONG, 0, most);
        if (Long.compareUnsigned(most, wanted) < 0
                || Libc.call(Syscall.PRLIMIT, SELF, NOFILE, limits.address(), 0) < 0) {
            throw new ImageException(
                    ErrorKind.IO,
                    "too many open files: " + wanted + " are needed at once, the limit is " + most,
                    "raise it: ulimit -n " + wanted);
        }
    }
}
