package io.planish.qcow2;

import io.planish.ImageException;

/**
 * One entry of the refcount table (QEMU's {@code docs/interop/qcow2.rst}, «Host cluster management»), handled as a bare
 * {@code long}.
 *
 * <pre>
 * bit   0 -  8  reserved, 0
 *       9 - 63  host offset of the refcount block, aligned to a cluster; 0: no block, all its refcounts are 0
 * </pre>
 *
 * Big endian on disk. A set reserved bit is malformed.
 */
public final class RefcountTableEntry {
    private static final long RESERVED_MASK = 0x1ff;

    private RefcountTableEntry() {}

    /** Host offset of the block, without any check; 0: none. */
    public static long blockOffset(long entry) {
        return entry & ~RESERVED_MASK;
    }

    public static boolean hasReservedBits(long entry) {
        return (entry & RESERVED_MASK) != 0;
    }

    /**
     * Host offset of the block, checked: aligned, and starting inside a file of {@code fileSizeBytes}; 0: none.
     *
     * @param entryOffset where the entry stands in the file, for the message
     */
    public static long checkedBlockOffset(long entry, long entryOffset, Geometry geometry, long fileSizeBytes)
            throws ImageException {
        if (!geometry.isAligned(entry)) {
            throw Malformed.at(
                    entryOffset, "refcount block offset", Malformed.hex(entry), "a multiple of the cluster size");
        }
        if (entry < 0 || entry >= Math.max(1, fileSizeBytes)) {
            throw Malformed.at(
                    entryOffset,
                    "refcount block offset",
                    Malformed.hex(entry),
                    "less than the file's " + Malformed.hex(fileSizeBytes));
        }
        return entry;
    }
}
