package io.planish.image;

import java.io.IOException;

/**
 * Changes what an image shows, cluster by cluster of its own size. What a batch changed is durable after {@link #flush}. Not
 * thread-safe; after a failure the writer must not be used again.
 */
public interface TargetWriter {
    /** The granularity of all that follows, in bytes. */
    int clusterBytes();

    /** Whether a cluster can read as zeroes without taking space. */
    boolean hasZeroClusters();

    /** Makes room for a disk of {@code virtualSizeBytes}, durably; what is new reads as zeroes. Never shrinks. The batch must be empty. */
    void grow(long virtualSizeBytes) throws IOException;

    /**
     * Where the data of a guest cluster may be overwritten in place, since nobody else refers to that place; -1 if it may not.
     */
    long ownHostOffset(long guestCluster) throws IOException;

    /** Takes up to {@code wanted} clusters that lie side by side, at least one, for guest clusters without a place of their own. */
    Run take(int wanted) throws IOException;

    /** From the next flush on the guest cluster's data is what stands at {@code hostOffset}, a cluster taken or its own. */
    void mapData(long guestCluster, long hostOffset) throws IOException;

    /**
     * From the next flush on the guest cluster is what a compressed stream holds, which the caller writes to the place returned. Streams
     * lie close together and share host clusters.
     *
     * @param lengthBytes 1 to the cluster size
     */
    long mapCompressed(long guestCluster, int lengthBytes) throws IOException;

    /** From the next flush on the guest cluster reads as zeroes; only where {@link #hasZeroClusters}. */
    void mapZero(long guestCluster) throws IOException;

    /** Whether enough waits to be written that a flush is due. */
    boolean wantsFlush(long tableBytes);

    /** Makes the batch durable and visible. Does nothing if the batch is empty. */
    void flush() throws IOException;

    /** A run of host clusters of the image. */
    record Run(long hostOffset, int clusters) {}
}
