package io.planish.image;

import io.planish.qcow2.CompressedDescriptor;
import java.io.IOException;

/**
 * Finds places for compressed streams, one right behind the other, whatever the borders of sectors and host clusters. Each stream raises
 * the refcount of every host cluster it touches; where that is as high as its width allows, or a stream would run over into a cluster
 * that is taken, the next stream begins a cluster of its own.
 *
 * <p>The cluster in work is left at every flush: what a flush made visible is then never written again, not even with the same bytes of
 * a sector that a torn write could spoil, and no cluster is filled further after its streams may have been given back. That costs less than
 * one cluster a batch, of which nothing is written. Not thread-safe.
 */
final class StreamPacker {
    private static final long NONE = 0;
    private static final int ANYWHERE = -1;
    private static final int SECTOR_BYTES = CompressedDescriptor.SECTOR_BYTES;

    private final Clusters clusters;
    private final int clusterBytes;
    private long next = NONE;
    /** The last cluster that was taken. */
    private long taken;

    /** The host clusters of the image and their counts. */
    interface Clusters {
        /** Takes any free cluster; its index. */
        long take() throws IOException;

        /** Takes this cluster, if it is free. */
        boolean take(long cluster) throws IOException;

        /** Whether the count of a cluster is as high as its width allows. */
        boolean isFull(long cluster) throws IOException;

        /** Counts one reference more to a cluster that is not full. */
        void raise(long cluster) throws IOException;
    }

    StreamPacker(Clusters clusters, int clusterBytes) {
        this.clusters = clusters;
        this.clusterBytes = clusterBytes;
    }

    /**
     * The host offset for a stream, with all its clusters counted.
     *
     * @param lengthBytes 1 to the cluster size
     */
    long place(int lengthBytes) throws IOException {
        return place(ANYWHERE, lengthBytes, lengthBytes);
    }

    /**
     * The host offset for a stream of which only whole sectors are known: the same offset in its sector, if a cluster has room for that.
     *
     * @param inSector the offset of its first byte in a sector
     * @param lengthBytes up to the end of its last sector; at most the cluster size
     * @param advanceBytes where the next stream begins, which may be in that sector and must then stand in the same way behind this one
     */
    long place(int inSector, int lengthBytes, int advanceBytes) throws IOException {
        long place = inSector == ANYWHERE ? next : next + Math.floorMod(inSector - next, SECTOR_BYTES);
        boolean alike = true;
        if (next == NONE || !share(place / clusterBytes, (place + lengthBytes - 1) / clusterBytes)) {
            taken = clusters.take();
            alike = inSector == ANYWHERE || inSector + lengthBytes <= clusterBytes;
            place = Math.multiplyExact(taken, (long) clusterBytes) + (alike ? Math.max(0, inSector) : 0);
        }
        next = place + (alike ? advanceBytes : lengthBytes);
        if (next / clusterBytes > taken) {
            next = NONE;
        }
        return place;
    }

    /** Begins a new cluster with the next stream. */
    void leaveCluster() {
        next = NONE;
    }

    private boolean share(long first, long last) throws IOException {
        if (first > taken || clusters.isFull(first) || (last != first && last <= taken && clusters.isFull(last))) {
            return false;
        }
        if (last > taken) {
            if (!clusters.take(last)) {
                return false;
            }
            taken = last;
        } else if (last != first) {
            clusters.raise(last);
        }
        clusters.raise(first);
        return true;
    }
}
