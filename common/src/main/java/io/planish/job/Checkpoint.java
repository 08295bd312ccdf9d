package io.planish.job;

/**
 * What one attempt has made durable, so that the next can go on from there; at most 4 KiB as JSON.
 *
 * @param epoch the claim under which it was written
 * @param phase how far the job's life has come
 * @param durableBelow guest offset in bytes below which the target holds the group's content durably
 * @param chainDigest a digest over the facts, taken under the locks, of every layer of the chain (of the target: which file it is), base first
 * @param bytesCopied bytes written by all attempts so far
 */
public record Checkpoint(
        int version, String job, long epoch, Phase phase, long durableBelow, String chainDigest, long bytesCopied) {

    public static final int VERSION = 1;

    /** The part of a job's life that is under way. */
    public enum Phase {
        MERGE,
        RELINK
    }
}
