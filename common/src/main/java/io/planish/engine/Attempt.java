package io.planish.engine;

import java.io.IOException;

/**
 * One attempt's ties to whoever ordered it. Called from the thread that carries the job out, but for {@link #progress}.
 */
public interface Attempt {
    /** The claim's epoch; larger than that of every earlier attempt at the same job. */
    long epoch();

    /** The run the job belongs to; a folder name in the trash. */
    String run();

    CheckpointStore checkpoints();

    /**
     * Called before every batch and every step that changes a file.
     *
     * @throws io.planish.ImageException of kind {@code LEASE_LOST} when this process may not go on
     */
    void mayContinue() throws IOException;

    /** Whether to stop at the next safe point, checkpoint and let go: the job is to be continued later. */
    boolean stopRequested();

    /** How many bytes per second the job may write, more than 0; may change at any time. */
    default long bytesPerSecond() {
        return Long.MAX_VALUE;
    }

    /** Told when the target holds all content, before links and names change; again where a guest has gone on writing meanwhile. */
    default void finishing() {}

    /** Told after each piece that was written, long before it is settled. */
    default void copied(long bytes) {}

    /** Told how long the next batch could not begin, or links not change, since a checkpoint was not durable yet. */
    default void waitedForCheckpoint(long nanos) {}

    /** Told when merging begins, with what earlier attempts have settled, and after every checkpoint: guest bytes settled so far of all, and
     * bytes written by this attempt. Called by one thread after another. */
    void progress(long guestBytesDone, long guestBytesTotal, long bytesCopied);
}
