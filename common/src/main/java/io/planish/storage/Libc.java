package io.planish.storage;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.Charset;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The way into the operating system: the C library's {@code syscall}, one downcall of one shape.
 *
 * <p>Seven {@code long}s in, one out, with {@code errno} captured: so a native binary has exactly one shape to register
 * (see {@code reachability-metadata.json}), and structures have the kernel's layout, whatever C library runs. All calls
 * return the kernel's result, or {@code -errno}; interrupted ones are repeated. Thread-safe: what a call needs of native
 * memory belongs to its thread.
 */
final class Libc {
    /** Bytes that one call moves at most between a heap buffer and a file. */
    static final int BUFFER_BYTES = 1 << 20;

    static final FunctionDescriptor SHAPE = FunctionDescriptor.of(
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private static final int EINTR = 4;
    private static final char UNDECODABLE = '\uFFFD';
    private static final int PATH_MAX = 4096;
    private static final int STRUCT_BYTES = 256;
    private static final Charset FILE_NAMES = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    private static final long ERRNO_OFFSET =
            Linker.Option.captureStateLayout().byteOffset(PathElement.groupElement("errno"));
    private static final MethodHandle SYSCALL = syscall();
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    private Libc() {}

    private static MethodHandle syscall() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow("syscall"),
                SHAPE,
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(1));
    }

    /** This thread's native memory; valid until its next call of the same kind. */
    static Scratch scratch() {
        return SCRATCH.get();
    }

    static long call(Syscall syscall, long a) {
        return call(syscall, a, 0, 0, 0, 0, 0);
    }

    static long call(Syscall syscall, long a, long b) {
        return call(syscall, a, b, 0, 0, 0, 0);
    }

    static long call(Syscall syscall, long a, long b, long c) {
        return call(syscall, a, b, c, 0, 0, 0);
    }

    static long call(Syscall syscall, long a, long b, long c, long d) {
        return call(syscall, a, b, c, d, 0, 0);
    }

    static long call(Syscall syscall, long a, long b, long c, long d, long e) {
        return call(syscall, a, b, c, d, e, 0);
    }

    /** The result, or {@code -errno}. Repeats what a signal interrupted, but not a close: it has closed even then. */
    static long call(Syscall syscall, long a, long b, long c, long d, long e, long f) {
        MemorySegment state = scratch().state;
        while (true) {
            long result = invoke(state, syscall.number(), a, b, c, d, e, f);
            if (result != -1) {
                return result;
            }
            int errno = state.get(JAVA_INT, ERRNO_OFFSET);
            if (errno != EINTR || syscall == Syscall.CLOSE) {
                return -errno;
            }
        }
    }

    private static long invoke(MemorySegment state, long number, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) SYSCALL.invokeExact(state, number, a, b, c, d, e, f);
        } catch (RuntimeException | Error unchecked) {
            throw unchecked;
        } catch (Throwable impossible) {
            throw new AssertionError("a foreign call throws nothing checked", impossible);
        }
    }

    /** Native memory of one thread. */
    static final class Scratch {
        private final Arena arena = Arena.ofAuto();
        private final MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
        private final MemorySegment struct = arena.allocate(STRUCT_BYTES, Long.BYTES);
        private final MemorySegment firstName = arena.allocate(PATH_MAX);
        private final MemorySegment secondName = arena.allocate(PATH_MAX);
        private @Nullable MemorySegment buffer;

        /** A cleared block for one kernel structure. */
        MemorySegment struct() {
            return struct.fill((byte) 0);
        }

        /** The address of a name as a C string. */
        long name(Path name) throws ImageException {
            return cString(text(name), firstName);
        }

        /** As {@link #name}, where one call takes two. */
        long secondName(Path name) throws ImageException {
            return cString(text(name), secondName);
        }

        /**
         * Refused instead of changed: asked about as another name, a file that is there would seem to be missing, and with it an
         * overlay.
         */
        private static String text(Path name) throws ImageException {
            String text = name.toString();
            if (text.indexOf(UNDECODABLE) >= 0) {
                throw new ImageException(
                        ErrorKind.IO,
                        text,
                        "its name is not text in " + FILE_NAMES,
                        "rename it, or set LC_ALL=C.UTF-8");
            }
            return text;
        }

        long name(String name) {
            return cString(name, firstName);
        }

        /** A block of {@link #BUFFER_BYTES} for data. */
        MemorySegment buffer() {
            if (buffer == null) {
                buffer = arena.allocate(BUFFER_BYTES, PATH_MAX);
            }
            return buffer;
        }

        /** A name that is too long is cut to one that the kernel refuses as too long. */
        private static long cString(String name, MemorySegment into) {
            byte[] bytes = name.getBytes(FILE_NAMES);
            int length = Math.min(bytes.length, PATH_MAX - 1);
            MemorySegment.copy(bytes, 0, into, JAVA_BYTE, 0, length);
            // without its end mark the kernel reads past PATH_MAX bytes and answers ENAMETOOLONG
            into.set(JAVA_BYTE, length, bytes.length == length ? (byte) 0 : (byte) 'x');
            return into.address();
        }
    }
}
