package io.planish.qcow2;

import io.planish.ImageException;

/**
 * One entry of an L1 table (QEMU's {@code docs/interop/qcow2.rst}, «Cluster mapping»), handled as a bare {@code long}.
 *
 * <pre>
 * bit   0 -  8  reserved, 0
 *       9 - 55  host offset of the L2 table, aligned to a cluster; 0: no table, all its clusters are unallocated
 *      56 - 62  reserved, 0
 *           63  COPIED: the table's refcount is exactly one (accurate in the active L1 table only)
 * </pre>
 *
 * Big endian on disk. A set reserved bit is malformed.
 */
public final class L1Entry {
    public static final long COPIED = 1L << 63;

    private static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
    private static final long RESERVED_MASK = 0x7f00_0000_0000_01ffL;

    private L1Entry() {}

    /** Host offset of the L2 table; 0: none. */
    public static long l2Offset(long entry) {
        return entry & OFFSET_MASK;
    }

    public static boolean isCopied(long entry) {
        return (entry & COPIED) != 0;
    }

    public static boolean hasReservedBits(long entry) {
        return (entry & RESERVED_MASK) != 0;
    }

    public static long encode(long l2Offset, boolean copied) {
        return l2Offset | (copied ? COPIED : 0);
    }

    /**
     * The host offset of the L2 table, checked: aligned, behind the header, and its first byte inside a file of
     * {@code fileSizeBytes}; 0: none.
     *
     * @param entryOffset where the entry stands in the file, for the message
     */
    public static long checkedL2Offset(long entry, long entryOffset, Geometry geometry, long fileSizeBytes)
            throws ImageException {
        if (hasReservedBits(entry)) {
            throw Malformed.at(entryOffset, "L1 entry", Malformed.hex(entry), "no reserved bits");
        }
        long offset = l2Offset(entry);
        if (offset == 0) {
            if (isCopied(entry)) {
                throw Malformed.at(
                        entryOffset, "L1 entry", Malformed.hex(entry), "an L2 table where the COPIED flag is set");
            }
            return 0;
        }
        if (!geometry.isAligned(offset)) {
            throw Malformed.at(entryOffset, "L2 table offset", Malformed.hex(offset), "a multiple of the cluster size");
        }
        if (offset >= fileSizeBytes) {
            throw Malformed.at(
                    entryOffset,
                    "L2 table offset",
                    Malformed.hex(offset),
                    "less than the file's " + Malformed.hex(fileSizeBytes));
        }
        return offset;
    }
}
