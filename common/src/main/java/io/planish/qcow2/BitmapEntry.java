package io.planish.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;

/**
 * One persistent bitmap (QEMU's {@code docs/interop/qcow2.rst}, «Bitmap directory»).
 *
 * <pre>
 * byte  0 -  7  host offset of its table, aligned to a cluster
 *       8 - 11  number of entries of that table
 *      12 - 15  flags: bit 0 in use (not saved correctly), 1 auto (enabled), 2 unknown extra data may be passed over
 *           16  type, 1: dirty tracking
 *           17  log2 of the granularity in bytes
 *      18 - 19  length of the name
 *      20 - 23  length of the extra data
 *      24 -     extra data, name, padding to 8
 * </pre>
 *
 * Big endian. The directory is the entries one behind the other. An entry of a bitmap's table is a data cluster's host
 * offset in bits 9 to 55; without one, bit 0 tells whether the cluster is all ones.
 */
public record BitmapEntry(long tableOffset, int tableEntries, int flags, int type, int granularityBits, String name) {

    /** What {@link #lengthBytes} needs. */
    public static final int HEAD_BYTES = 24;

    public static final int IN_USE = 1;
    public static final int AUTO = 2;

    private static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
    private static final int TABLE_ENTRIES = 8;
    private static final int FLAGS = 12;
    private static final int TYPE = 16;
    private static final int GRANULARITY = 17;
    private static final int NAME_LENGTH = 18;
    private static final int EXTRA_LENGTH = 20;

    /** The whole entry's length with padding, from its first {@link #HEAD_BYTES} bytes; may be huge if malformed. */
    public static long lengthBytes(ByteBuffer head) {
        long length = HEAD_BYTES
                + Integer.toUnsignedLong(head.getInt(EXTRA_LENGTH))
                + Short.toUnsignedInt(head.getShort(NAME_LENGTH));
        return (length + 7) / 8 * 8;
    }

    /** Reads an entry that starts the buffer and is all there. */
    public static BitmapEntry decode(ByteBuffer entry) {
        int nameLength = Short.toUnsignedInt(entry.getShort(NAME_LENGTH));
        int nameAt = HEAD_BYTES + entry.getInt(EXTRA_LENGTH);
        return new BitmapEntry(
                entry.getLong(0),
                entry.getInt(TABLE_ENTRIES),
                entry.getInt(FLAGS),
                entry.get(TYPE),
                entry.get(GRANULARITY),
                UTF_8.decode(entry.slice(nameAt, nameLength)).toString());
    }

    /** The data cluster's host offset in an entry of a bitmap's table; 0: none. */
    public static long dataOffset(long tableEntry) {
        return tableEntry & OFFSET_MASK;
    }

    public boolean isInUse() {
        return (flags & IN_USE) != 0;
    }

    public boolean isEnabled() {
        return (flags & AUTO) != 0;
    }
}
