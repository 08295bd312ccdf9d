package io.planish.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Optional;

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
 * offset in bits 9 to 55; without one, bit 0 tells whether the cluster is all ones; all other bits are 0. In the data, bit
 * {@code i % 8} of byte {@code i / 8} stands for the guest bytes from {@code i << granularityBits} on.
 *
 * @param extra extra data, kept byte for byte
 */
public record BitmapEntry(
        long tableOffset, int tableEntries, int flags, int type, int granularityBits, ByteBuffer extra, String name) {

    /** What {@link #lengthBytes} needs. */
    public static final int HEAD_BYTES = 24;

    public static final int IN_USE = 1;
    public static final int AUTO = 2;
    public static final int EXTRA_COMPATIBLE = 4;
    public static final int DIRTY_TRACKING = 1;
    /** An entry of a bitmap's table that says: all bits are set, no data cluster. */
    public static final long ALL_ONES = 1;
    /** QEMU's limit for the data of one bitmap, in whole clusters. */
    public static final long MAX_DATA_BYTES = 512L << 20;

    private static final int MIN_GRANULARITY_BITS = 9;
    private static final int MAX_GRANULARITY_BITS = 31;
    private static final int MAX_NAME_BYTES = 1023;
    private static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
    private static final char NO_UTF_8 = '\uFFFD';
    private static final int TABLE_ENTRIES = 8;
    private static final int FLAGS = 12;
    private static final int TYPE = 16;
    private static final int GRANULARITY = 17;
    private static final int NAME_LENGTH = 18;
    private static final int EXTRA_LENGTH = 20;

    public BitmapEntry {
        extra = extra.slice().asReadOnlyBuffer();
    }

    /** The extra data, with its own position. */
    @Override
    public ByteBuffer extra() {
        return extra.duplicate();
    }

    /** The whole entry's length with padding, from its first {@link #HEAD_BYTES} bytes; may be huge if malformed. */
    public static long lengthBytes(ByteBuffer head) {
        return padded(
                Integer.toUnsignedLong(head.getInt(EXTRA_LENGTH)) + Short.toUnsignedInt(head.getShort(NAME_LENGTH)));
    }

    /** Reads an entry that starts the buffer and is all there. */
    public static BitmapEntry decode(ByteBuffer entry) {
        int nameLength = Short.toUnsignedInt(entry.getShort(NAME_LENGTH));
        int extraLength = entry.getInt(EXTRA_LENGTH);
        return new BitmapEntry(
                entry.getLong(0),
                entry.getInt(TABLE_ENTRIES),
                entry.getInt(FLAGS),
                entry.get(TYPE),
                entry.get(GRANULARITY),
                entry.slice(HEAD_BYTES, extraLength),
                UTF_8.decode(entry.slice(HEAD_BYTES + extraLength, nameLength)).toString());
    }

    /** The entry's bytes, padding included. */
    public ByteBuffer encode() {
        byte[] nameBytes = name.getBytes(UTF_8);
        ByteBuffer entry = ByteBuffer.allocate(Math.toIntExact(padded((long) extra.remaining() + nameBytes.length)));
        return entry.putLong(tableOffset)
                .putInt(tableEntries)
                .putInt(flags)
                .put((byte) type)
                .put((byte) granularityBits)
                .putShort((short) nameBytes.length)
                .putInt(extra.remaining())
                .put(extra())
                .put(nameBytes)
                .clear();
    }

    /** The data cluster's host offset in an entry of a bitmap's table; 0: none. */
    public static long dataOffset(long tableEntry) {
        return tableEntry & OFFSET_MASK;
    }

    /** Whether an entry of a bitmap's table sets bits that the format reserves. */
    public static boolean hasReservedBits(long tableEntry) {
        return (tableEntry & ~OFFSET_MASK & ~ALL_ONES) != 0 || (dataOffset(tableEntry) != 0 && tableEntry % 2 != 0);
    }

    /** How many bits stand for a disk of this size. */
    public long bits(long virtualSizeBytes) {
        return Math.ceilDiv(virtualSizeBytes, 1L << granularityBits);
    }

    /** How many entries its table needs to have for a disk of this size. */
    public long tableEntries(long virtualSizeBytes, int clusterBytes) {
        return Math.ceilDiv(bits(virtualSizeBytes), clusterBytes * 8L);
    }

    /** The same bitmap elsewhere. */
    public BitmapEntry at(long newTableOffset, int newTableEntries) {
        return new BitmapEntry(newTableOffset, newTableEntries, flags, type, granularityBits, extra, name);
    }

    public BitmapEntry withFlags(int newFlags) {
        return new BitmapEntry(tableOffset, tableEntries, newFlags, type, granularityBits, extra, name);
    }

    /** Why its bits must not be interpreted or changed by us, as a phrase; empty: they may. An inconsistent one is none of these. */
    public Optional<String> unknown() {
        if ((flags & ~(IN_USE | AUTO | EXTRA_COMPATIBLE)) != 0) {
            return Optional.of("unknown flags " + Malformed.hex(Integer.toUnsignedLong(flags)));
        }
        if (type != DIRTY_TRACKING) {
            return Optional.of("unknown type " + type);
        }
        if (granularityBits < MIN_GRANULARITY_BITS || granularityBits > MAX_GRANULARITY_BITS) {
            return Optional.of("a granularity of 2^" + granularityBits + " bytes");
        }
        if (extra.hasRemaining() && (flags & EXTRA_COMPATIBLE) == 0) {
            return Optional.of("extra data that must be understood");
        }
        int nameBytes = name.getBytes(UTF_8).length;
        return nameBytes == 0 || nameBytes > MAX_NAME_BYTES || name.indexOf(NO_UTF_8) >= 0
                ? Optional.of("a name that is none")
                : Optional.empty();
    }

    public boolean isInUse() {
        return (flags & IN_USE) != 0;
    }

    public boolean isEnabled() {
        return (flags & AUTO) != 0;
    }

    private static long padded(long extraAndName) {
        return (HEAD_BYTES + extraAndName + 7) / 8 * 8;
    }
}
