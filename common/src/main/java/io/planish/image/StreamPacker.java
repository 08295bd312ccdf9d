package io.planish.image;

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

    private final Clusters clusters;
    private final int clusterBytes;
    private long next = NONE;

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
        if (next == NONE || !share(next / clusterBytes, (next + lengthBytes - 1) / clusterBytes)) {
            next = Math.multiplyExact(clusters.take(), (long) clusterBytes);
        }
        long place = next;
        next += lengthBytes;
        if (next % clusterBytes == 0) {
            next = NONE;
        }
        return place;
    }

    /** Begins a new cluster with the next stream. */
    void leaveCluster() {
        next = NONE;
    }

    private boolean share(long first, long last) throws IOException {
        if (clusters.isFull(first) || (last != first && !clusters.take(last))) {
            return false;
        }
        clusters.raise(first);
        return true;
    }
}
