package io.planish.qcow2;

import io.planish.ImageException;
import java.nio.ByteBuffer;

/**
 * The header extension for persistent bitmaps (QEMU's {@code docs/interop/qcow2.rst}, «Bitmaps extension»).
 *
 * <pre>
 * byte  0 -  3  number of bitmaps, at least 1
 *       4 -  7  reserved, 0
 *       8 - 15  size of the bitmap directory in bytes
 *      16 - 23  host offset of the bitmap directory, aligned to a cluster
 * </pre>
 *
 * Big endian. Means something only while the image's autoclear bit 0 is set.
 */
public record BitmapsExtension(int count, long directoryOffset, long directoryBytes) {
    public static final int LENGTH_BYTES = 24;
    public static final int MAX_COUNT = 65535;

    private static final int MIN_ENTRY_BYTES = 24;

    /** The extension that says this. */
    Extension encode() {
        return new Extension(
                Extension.BITMAPS,
                ByteBuffer.allocate(LENGTH_BYTES)
                        .putInt(count)
                        .putInt(0)
                        .putLong(directoryBytes)
                        .putLong(directoryOffset)
                        .flip());
    }

    /** Reads the extension's data and checks it against the file's real size. */
    static BitmapsExtension decode(ByteBuffer data, Geometry geometry, long fileSizeBytes) throws ImageException {
        if (data.remaining() != LENGTH_BYTES) {
            throw Malformed.file("bitmaps extension has " + data.remaining() + " bytes, expected " + LENGTH_BYTES);
        }
        int at = data.position();
        long count = Integer.toUnsignedLong(data.getInt(at));
        int reserved = data.getInt(at + 4);
        long size = data.getLong(at + 8);
        long offset = data.getLong(at + 16);
        if (count == 0 || count > MAX_COUNT) {
            throw Malformed.file("bitmaps extension counts " + count + " bitmaps, expected 1 to " + MAX_COUNT);
        }
        if (reserved != 0) {
            throw Malformed.file("bitmaps extension's reserved field is " + Malformed.hex(reserved) + ", expected 0");
        }
        if (size < count * MIN_ENTRY_BYTES || size > count * (MIN_ENTRY_BYTES + 0x10000L)) {
            throw Malformed.file(
                    "bitmap directory has " + size + " bytes, which does not fit its " + count + " bitmaps");
        }
        HeaderTables.checkRange("bitmap directory", offset, size, geometry, fileSizeBytes);
        return new BitmapsExtension((int) count, offset, size);
    }
}
