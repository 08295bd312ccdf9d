package io.planish.image;

import java.io.IOException;

/**
 * Changes what an image shows, in (sub)clusters of its own size. What a batch changed is durable after {@link #flush}. Not
 * thread-safe; after a failure the writer must not be used again.
 */
public interface TargetWriter {
    /** The granularity of all that follows, in bytes. */
    int granularityBytes();

    /** Whether a (sub)cluster can read as zeroes without taking space. */
    boolean hasZeroClusters();

    /** Makes room for a disk of {@code virtualSizeBytes}, durably; what is new reads as zeroes. Never shrinks. The batch must be empty. */
    void grow(long virtualSizeBytes) throws IOException;

    /**
     * A place for guest data: clusters taken for it, or the guest's own where nobody else refers to them; for as much of the range as
     * lies side by side, one (sub)cluster at least. Own data is not overwritten unless it may be.
     *
     * @param guestOffset the start of a (sub)cluster
     */
    Place place(long guestOffset, long lengthBytes, boolean mayOverwrite) throws IOException;

    /** From the next flush on the guest's data in the range is what stands at {@code hostOffset}, a {@link #place} for it. */
    void mapData(long guestOffset, long lengthBytes, long hostOffset) throws IOException;

    /**
     * From the next flush on the guest cluster is what a compressed stream holds, which the caller writes to the place returned. Streams
     * lie close together and share host clusters.
     *
     * @param guestOffset the start of a cluster
     * @param lengthBytes 1 to the cluster size
     */
    long mapCompressed(long guestOffset, int lengthBytes) throws IOException;

    /** From the next flush on the range, of whole (sub)clusters, reads as zeroes; only where {@link #hasZeroClusters}. */
    void mapZero(long guestOffset, long lengthBytes) throws IOException;

    /** Whether enough waits to be written that a flush is due. */
    boolean wantsFlush(long tableBytes);

    /** Makes the batch durable and visible. Does nothing if the batch is empty. */
    void flush() throws IOException;

    /** Where guest bytes that follow each other stand, or are to stand, one behind the other. */
    record Place(long hostOffset, long lengthBytes) {}
}
