package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Owner, group, permissions and extended attributes; an ACL is one of these. A security label that cannot be set is an
 * error: the hypervisor would not be let in.
 */
final class Attributes {
    private static final int LARGEST_BYTES = 64 << 10;

    private Attributes() {}

    static void copy(LinuxFile from, LinuxFile to) throws IOException {
        FileStatus wanted = from.status();
        FileStatus present = to.status();
        if (wanted.uid() != present.uid() || wanted.gid() != present.gid()) {
            Errno.check(Libc.call(Syscall.FCHOWN, to.fd(), wanted.uid(), wanted.gid()), to.path(), "change the owner");
        }
        Map<String, byte[]> wantedValues = values(from);
        Map<String, byte[]> presentValues = values(to);
        for (String name : presentValues.keySet()) {
            if (!wantedValues.containsKey(name)) {
                Errno.check(
                        Libc.call(Syscall.FREMOVEXATTR, to.fd(), Libc.scratch().name(name)),
                        to.path(),
                        "remove the attribute " + name);
            }
        }
        for (Map.Entry<String, byte[]> value : wantedValues.entrySet()) {
            if (!Arrays.equals(value.getValue(), presentValues.get(value.getKey()))) {
                set(to, value.getKey(), value.getValue());
            }
        }
        // last: a change of owner takes permission bits away, and an ACL sets some
        Errno.check(Libc.call(Syscall.FCHMOD, to.fd(), wanted.mode()), to.path(), "change permissions");
    }

    private static Map<String, byte[]> values(LinuxFile file) throws ImageException {
        Map<String, byte[]> values = new HashMap<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(LARGEST_BYTES);
            for (String name : names(file, buffer)) {
                byte @Nullable [] value = value(file, name, buffer);
                if (value != null) {
                    values.put(name, value);
                }
            }
        }
        return values;
    }

    private static String[] names(LinuxFile file, MemorySegment buffer) throws ImageException {
        long length = Libc.call(Syscall.FLISTXATTR, file.fd(), buffer.address(), buffer.byteSize());
        if (length == 0 || length == -Errno.EOPNOTSUPP) {
            return new String[0];
        }
        return new String(bytes(buffer, Errno.check(length, file.path(), "list attributes")), StandardCharsets.UTF_8)
                .split("\0");
    }

    private static byte @Nullable [] value(LinuxFile file, String name, MemorySegment buffer) throws ImageException {
        long length =
                Libc.call(Syscall.FGETXATTR, file.fd(), Libc.scratch().name(name), buffer.address(), buffer.byteSize());
        if (length == -Errno.ENODATA) {
            return null; // removed since it was listed
        }
        return bytes(buffer, Errno.check(length, file.path(), "read the attribute " + name));
    }

    private static byte[] bytes(MemorySegment buffer, long length) {
        return buffer.asSlice(0, length).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    }

    private static void set(LinuxFile file, String name, byte[] value) throws ImageException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(Math.max(1, value.length));
            MemorySegment.copy(value, 0, bytes, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, value.length);
            long result = Libc.call(
                    Syscall.FSETXATTR, file.fd(), Libc.scratch().name(name), bytes.address(), value.length, 0);
            if (result < 0) {
                ImageException cause = Errno.failure(result, file.path(), "set the attribute " + name);
                throw new ImageException(
                        ErrorKind.IO, file.path().toString(), cause.what(), "run as a user who may set it", cause);
            }
        }
    }
}
