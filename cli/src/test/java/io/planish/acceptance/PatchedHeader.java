package io.planish.acceptance;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** A header of version 3 as QEMU wrote it, read and changed by its bytes alone. */
final class PatchedHeader {
    static final int INCOMPATIBLE = 72;
    static final int COMPATIBLE = 80;
    static final int AUTOCLEAR = 88;

    private static final int NAME_OFFSET = 8;
    private static final int NAME_LENGTH = 16;
    private static final int ENCRYPTION = 32;
    private static final int LENGTH = 100;
    private static final int FEATURE_NAMES = 0x6803f857;
    private static final int FEATURE_NAME_BYTES = 48;
    private static final int HEAD_BYTES = 4096;

    private final Path image;
    private final ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES);

    PatchedHeader(Path image) throws IOException {
        this.image = image;
        try (var channel = Files.newByteChannel(image)) {
            channel.read(head);
        }
        head.clear();
    }

    long field(int at) {
        return head.getLong(at);
    }

    PatchedHeader bit(int field, int bit) {
        head.putLong(field, head.getLong(field) | 1L << bit);
        return this;
    }

    PatchedHeader encryptionMethod(int method) {
        head.putInt(ENCRYPTION, method);
        return this;
    }

    /** Makes the header eight bytes longer, by a field that nobody knows, and adds an extension that nobody knows. */
    PatchedHeader withUnknown(long field, int extensionType, byte[] extensionData) {
        int start = head.getInt(LENGTH);
        int end = extensionsEnd();
        byte[] extensions = Arrays.copyOfRange(head.array(), start, end);
        byte[] name = name();
        ByteBuffer behind = head.duplicate().position(start);
        behind.putLong(field).put(extensions);
        behind.putInt(extensionType).putInt(extensionData.length).put(extensionData);
        behind.put(new byte[Math.floorMod(-extensionData.length, 8)]).putLong(0);
        head.putInt(LENGTH, start + 8);
        if (name.length > 0) {
            int at = HEAD_BYTES - 1024;
            head.put(at, name).putLong(NAME_OFFSET, at);
        }
        return this;
    }

    /** Puts a name for an incompatible feature bit in the place of another entry of the feature name table. */
    PatchedHeader featureName(int bit, String name) {
        for (int at = head.getInt(LENGTH); at < extensionsEnd(); ) {
            int length = head.getInt(at + 4);
            if (head.getInt(at) == FEATURE_NAMES) {
                int entry = at + 8 + length - FEATURE_NAME_BYTES;
                head.put(entry, new byte[FEATURE_NAME_BYTES])
                        .put(entry, (byte) 0)
                        .put(entry + 1, (byte) bit);
                head.put(entry + 2, name.getBytes(StandardCharsets.US_ASCII));
            }
            at += 8 + (length + 7) / 8 * 8;
        }
        return this;
    }

    void save() throws IOException {
        try (var channel = Files.newByteChannel(image, StandardOpenOption.WRITE)) {
            channel.write(head.clear());
        }
    }

    /** The eight bytes behind the header that QEMU writes. */
    long unknownField() {
        return head.getInt(LENGTH) >= 120 ? head.getLong(112) : 0;
    }

    /** The extensions' data by their types. */
    Map<Integer, byte[]> extensions() {
        Map<Integer, byte[]> extensions = new TreeMap<>();
        for (int at = head.getInt(LENGTH); at < extensionsEnd(); ) {
            int length = head.getInt(at + 4);
            extensions.put(head.getInt(at), Arrays.copyOfRange(head.array(), at + 8, at + 8 + length));
            at += 8 + (length + 7) / 8 * 8;
        }
        return extensions;
    }

    private byte[] name() {
        int at = (int) head.getLong(NAME_OFFSET);
        return at == 0 ? new byte[0] : Arrays.copyOfRange(head.array(), at, at + head.getInt(NAME_LENGTH));
    }

    /** Where the list's end marker stands, or the list ends without one. */
    private int extensionsEnd() {
        int at = head.getInt(LENGTH);
        while (head.getInt(at) != 0) {
            at += 8 + (head.getInt(at + 4) + 7) / 8 * 8;
        }
        return at;
    }
}
