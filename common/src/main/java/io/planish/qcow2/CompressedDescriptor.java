package io.planish.qcow2;

/**
 * Where a compressed cluster stands (QEMU's {@code docs/interop/qcow2.rst}, «Compressed Clusters Descriptor»).
 *
 * <pre>
 * x = 62 - (cluster_bits - 8)
 * bit   0 - x-1  host offset in bytes, aligned to nothing; bits above 55 are 0
 *       x - 61   number of 512-byte sectors beyond the one that holds the offset
 * </pre>
 *
 * Part of a big-endian L2 entry. The sectors may run on into the next host clusters and may be shared with a neighbour;
 * the compressed stream ends by itself somewhere in the last of them.
 *
 * @param hostOffset first byte of the stream
 * @param additionalSectors sectors after the first; at most {@code 2^(cluster_bits - 8) - 1}
 */
public record CompressedDescriptor(long hostOffset, int additionalSectors) {
    public static final int SECTOR_BYTES = 512;
    public static final long MAX_HOST_OFFSET = (1L << 56) - 1;

    /** Reads bits 0 to 61 of {@code entry}; no check of the offset. */
    public static CompressedDescriptor decode(long entry, int clusterBits) {
        int shift = offsetBits(clusterBits);
        long offset = entry & ((1L << shift) - 1);
        int sectors = (int) ((entry & ((1L << 62) - 1)) >>> shift);
        return new CompressedDescriptor(offset, sectors);
    }

    /** A descriptor for a stream of {@code lengthBytes} at {@code hostOffset}. */
    public static CompressedDescriptor of(long hostOffset, long lengthBytes) {
        long last = hostOffset + lengthBytes - 1;
        return new CompressedDescriptor(hostOffset, (int) (last / SECTOR_BYTES - hostOffset / SECTOR_BYTES));
    }

    /** Bits 0 to 61 of the L2 entry. */
    public long encode(int clusterBits) {
        int shift = offsetBits(clusterBits);
        if (hostOffset >>> shift != 0
                || hostOffset > MAX_HOST_OFFSET
                || additionalSectors < 0
                || additionalSectors >>> (clusterBits - 8) != 0) {
            throw new IllegalArgumentException(
                    this + " cannot be expressed with clusters of " + (1 << clusterBits) + " bytes");
        }
        return hostOffset | ((long) additionalSectors << shift);
    }

    /** How many bytes the stream has at most. */
    public int maxLengthBytes() {
        return (additionalSectors + 1) * SECTOR_BYTES - (int) (hostOffset % SECTOR_BYTES);
    }

    /** The end of the last sector. */
    public long endOffset() {
        return hostOffset + maxLengthBytes();
    }

    private static int offsetBits(int clusterBits) {
        return 62 - (clusterBits - 8);
    }
}
