package io.planish.image;

import io.planish.qcow2.CompressedDescriptor;
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

    /**
     * The same with a stream of which only its sectors are known.
     *
     * @param source the sectors, at most the cluster size together
     * @param advanceBytes how far behind its beginning the next stream begins, if that is to follow in the same way; else the length of all
     *     of its sectors
     */
    long mapCompressed(long guestOffset, CompressedDescriptor source, int advanceBytes) throws IOException;

    /** From the next flush on the range, of whole (sub)clusters, reads as zeroes; only where {@link #hasZeroClusters}. */
    void mapZero(long guestOffset, long lengthBytes) throws IOException;

    /** Whether enough waits to be written that a flush is due. */
    boolean wantsFlush(long tableBytes);

    /** Makes durable what the batch needs before it may be seen; a flush, which does the same if need be, must be next. */
    void prepare() throws IOException;

    /** After {@link #prepare}: fails unless what no entry refers to yet stands on the disk as it is meant. */
    void requirePrepared() throws IOException;

    /** After {@link #prepare}: whether a flush will show the guest, in all of the range, the bytes at {@code hostOffset}. */
    boolean willShowData(long guestOffset, long lengthBytes, long hostOffset) throws IOException;

    /** After {@link #prepare}: whether a flush will show the guest what the stream at {@code hostOffset} holds. */
    boolean willShowStream(long guestOffset, int lengthBytes, long hostOffset) throws IOException;

    /** After {@link #prepare}: whether a flush will show the guest zeroes that take no data, in all of the range. */
    boolean willShowZeroes(long guestOffset, long lengthBytes) throws IOException;

    /** Makes the batch durable and visible. Does nothing if the batch is empty. */
    void flush() throws IOException;

    /**
     * Zeroes, durably, what stands behind the disk's end in its last (sub)cluster, where a copy on write leaves what longer layers below
     * held: without these nobody would hide it from a guest whose disk grows. What is compressed, or shared with an internal snapshot, stays. The batch must
     * be empty.
     */
    void clearBehindEnd() throws IOException;

    /** Where guest bytes that follow each other stand, or are to stand, one behind the other. */
    record Place(long hostOffset, long lengthBytes) {}
}
