package io.planish.qcow2;

/**
 * How an image divides its disk and its file: pure arithmetic on offsets and counts, all in bytes unless named otherwise.
 *
 * <p>Guest and host clusters have one size. An L2 table fills one cluster, as does a refcount block; the L1 table and the
 * refcount table are contiguous and as long as their owner says. Defined in QEMU's {@code docs/interop/qcow2.rst}.
 *
 * @param clusterBits log2 of the cluster size, {@value #MIN_CLUSTER_BITS} to {@value #MAX_CLUSTER_BITS}
 * @param refcountBits width of one refcount: 1, 2, 4, 8, 16, 32 or 64
 * @param l2EntryBytes size of one L2 entry: 8, or 16 with extended L2 entries
 */
public record Geometry(int clusterBits, int refcountBits, int l2EntryBytes) {
    public static final int MIN_CLUSTER_BITS = 9;
    public static final int MAX_CLUSTER_BITS = 21;
    public static final int EXTENDED_L2_ENTRY_BYTES = 16;

    public int clusterBytes() {
        return 1 << clusterBits;
    }

    /** Whether L2 entries are extended ones, which tell 32 subclusters of each cluster apart. */
    public boolean hasSubclusters() {
        return l2EntryBytes == EXTENDED_L2_ENTRY_BYTES;
    }

    /** The granularity of what the guest's disk is mapped in: the subcluster size, the cluster size where there are none. */
    public int granularityBytes() {
        return hasSubclusters() ? clusterBytes() / Subclusters.COUNT : clusterBytes();
    }

    public int l2EntriesPerTable() {
        return clusterBytes() / l2EntryBytes;
    }

    /** How many guest bytes one L2 table describes. */
    public long bytesPerL2Table() {
        return (long) l2EntriesPerTable() << clusterBits;
    }

    public int refcountsPerBlock() {
        return (int) (clusterBytes() * 8L / refcountBits);
    }

    /** How many bytes of the file one refcount block describes. */
    public long bytesPerRefcountBlock() {
        return (long) refcountsPerBlock() << clusterBits;
    }

    public int refcountTableEntriesPerCluster() {
        return clusterBytes() / Long.BYTES;
    }

    public long l1Index(long guestOffset) {
        return guestOffset / bytesPerL2Table();
    }

    public int l2Index(long guestOffset) {
        return (int) ((guestOffset >>> clusterBits) % l2EntriesPerTable());
    }

    public int offsetInCluster(long offset) {
        return (int) (offset & (clusterBytes() - 1));
    }

    public boolean isAligned(long offset) {
        return offsetInCluster(offset) == 0;
    }

    public long clusterStart(long offset) {
        return offset & -(long) clusterBytes();
    }

    public long clusterIndex(long offset) {
        return offset >>> clusterBits;
    }

    /** The number of clusters that hold {@code lengthBytes}, the last one perhaps in part. */
    public long clusters(long lengthBytes) {
        return (lengthBytes >>> clusterBits) + (isAligned(lengthBytes) ? 0 : 1);
    }

    /** {@code lengthBytes} rounded up to whole clusters; down where only that can be expressed. */
    public long roundUp(long lengthBytes) {
        long start = clusterStart(lengthBytes);
        return start == lengthBytes || start == clusterStart(Long.MAX_VALUE) ? start : start + clusterBytes();
    }

    /** The number of L1 entries that a virtual disk of this size needs. */
    public long l1Entries(long virtualSizeBytes) {
        long whole = virtualSizeBytes / bytesPerL2Table();
        return virtualSizeBytes % bytesPerL2Table() == 0 ? whole : whole + 1;
    }
}
