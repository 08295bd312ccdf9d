package io.planish.chain;

/**
 * What must be equal for a file to count as unchanged: who it is (pool id, inode, birth time in ns since 1970; the same
 * on every machine that mounts the pool) and its size in bytes and its times in ns since 1970.
 */
public record FileFacts(
        String poolId, long inode, long birthTimeNanos, long sizeBytes, long mtimeNanos, long ctimeNanos) {

    /** Whether {@code other} is the same file, changed or not. */
    public boolean sameFile(FileFacts other) {
        return poolId.equals(other.poolId) && inode == other.inode && birthTimeNanos == other.birthTimeNanos;
    }
}
