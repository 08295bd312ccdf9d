package io.planish.qcow2;

import io.planish.ImageException;

/**
 * One standard (64-bit) entry of an L2 table, or the first half of an extended one (QEMU's {@code docs/interop/qcow2.rst},
 * «Cluster mapping»), handled as a bare {@code long}; the second half is {@link Subclusters}.
 *
 * <pre>
 * bit        0  standard cluster: reads as zeroes (version 3 only, always 0 in an extended entry)
 *       1 -  8  standard cluster: reserved, 0
 *       9 - 55  standard cluster: host offset of the data, aligned to a cluster; 0: not allocated
 *      56 - 61  standard cluster: reserved, 0
 *       0 - 61  compressed cluster: {@link CompressedDescriptor}
 *           62  compressed
 *           63  COPIED: a standard cluster whose refcount is exactly one (accurate below the active L1 table only);
 *               never on a compressed cluster
 * </pre>
 *
 * Big endian on disk. Set reserved bits are malformed, as is COPIED without a host offset.
 */
public final class L2Entry {
    public static final long COPIED = 1L << 63;
    /** A plain zero cluster: nothing allocated, hides the backing file. */
    public static final long ZERO = 1;
    /** Nothing: the backing file answers. */
    public static final long UNALLOCATED = 0;

    private static final long COMPRESSED = 1L << 62;
    private static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
    private static final long RESERVED_MASK = 0x3f00_0000_0000_01feL;

    private L2Entry() {}

    /** What the guest cluster is. */
    public enum Kind {
        UNALLOCATED,
        /** Reads as zeroes, no host cluster. */
        ZERO_PLAIN,
        /** Reads as zeroes, owns a host cluster that is not read. */
        ZERO_ALLOCATED,
        STANDARD,
        COMPRESSED
    }

    /** The kind, without any check. */
    public static Kind kind(long entry) {
        if ((entry & COMPRESSED) != 0) {
            return Kind.COMPRESSED;
        }
        boolean allocated = (entry & OFFSET_MASK) != 0;
        if ((entry & ZERO) != 0) {
            return allocated ? Kind.ZERO_ALLOCATED : Kind.ZERO_PLAIN;
        }
        return allocated ? Kind.STANDARD : Kind.UNALLOCATED;
    }

    /** Host offset of a standard or allocated zero cluster; meaningless for a compressed one. */
    public static long hostOffset(long entry) {
        return entry & OFFSET_MASK;
    }

    public static boolean isCopied(long entry) {
        return (entry & COPIED) != 0;
    }

    public static boolean isCompressed(long entry) {
        return (entry & COMPRESSED) != 0;
    }

    /** Whether a standard entry has bits set that mean nothing; so does the zero flag in version 2 and in extended entries. */
    private static boolean hasReservedBits(long entry, int version, Geometry geometry) {
        return (entry & RESERVED_MASK) != 0 || ((entry & ZERO) != 0 && (version < 3 || geometry.hasSubclusters()));
    }

    public static long standard(long hostOffset, boolean copied) {
        return hostOffset | (copied ? COPIED : 0);
    }

    public static long zeroAllocated(long hostOffset, boolean copied) {
        return standard(hostOffset, copied) | ZERO;
    }

    /** The entry for a compressed cluster. */
    public static long compressed(CompressedDescriptor descriptor, Geometry geometry) {
        return COMPRESSED | descriptor.encode(geometry.clusterBits());
    }

    /**
     * The kind of an entry that is sound: no reserved bits; for a standard cluster aligned and behind the header; what it
     * refers to starts inside a file of {@code fileSizeBytes} and ends at most in its last, partial cluster.
     *
     * @param entryOffset where the entry stands in the file, for the message
     */
    public static Kind checked(long entry, long entryOffset, int version, Geometry geometry, long fileSizeBytes)
            throws ImageException {
        Kind kind = kind(entry);
        switch (kind) {
            case COMPRESSED -> checkCompressed(entry, entryOffset, geometry, fileSizeBytes);
            case UNALLOCATED, ZERO_PLAIN, ZERO_ALLOCATED, STANDARD -> {
                if (hasReservedBits(entry, version, geometry) || (isCopied(entry) && hostOffset(entry) == 0)) {
                    throw Malformed.at(entryOffset, "L2 entry", Malformed.hex(entry), "no reserved bits");
                }
                long offset = hostOffset(entry);
                if (!geometry.isAligned(offset)) {
                    throw Malformed.at(
                            entryOffset,
                            "data cluster offset",
                            Malformed.hex(offset),
                            "a multiple of the cluster size");
                }
                if (offset != 0 && offset >= fileSizeBytes) {
                    throw beyond(entryOffset, offset, fileSizeBytes);
                }
            }
        }
        return kind;
    }

    private static void checkCompressed(long entry, long entryOffset, Geometry geometry, long fileSizeBytes)
            throws ImageException {
        if (isCopied(entry)) {
            throw Malformed.at(entryOffset, "L2 entry", Malformed.hex(entry), "no COPIED flag on a compressed cluster");
        }
        CompressedDescriptor descriptor = CompressedDescriptor.decode(entry, geometry.clusterBits());
        if (descriptor.hostOffset() < geometry.clusterBytes()
                || descriptor.hostOffset() > CompressedDescriptor.MAX_HOST_OFFSET) {
            throw Malformed.at(
                    entryOffset,
                    "compressed cluster offset",
                    Malformed.hex(descriptor.hostOffset()),
                    "behind the header and below 2^56");
        }
        if (descriptor.hostOffset() >= fileSizeBytes || descriptor.endOffset() > geometry.roundUp(fileSizeBytes)) {
            throw beyond(entryOffset, descriptor.hostOffset(), fileSizeBytes);
        }
    }

    private static ImageException beyond(long entryOffset, long offset, long fileSizeBytes) {
        return Malformed.at(
                entryOffset,
                "data cluster offset",
                Malformed.hex(offset),
                "inside the file of " + Malformed.hex(fileSizeBytes) + " bytes");
    }
}
