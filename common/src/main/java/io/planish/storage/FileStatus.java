package io.planish.storage;

import io.planish.chain.FileFacts;

/**
 * What {@code statx} tells of a file.
 *
 * @param device the filesystem it is on; means nothing outside this process
 * @param inode its number there
 * @param birthTimeNanos ns since 1970; 0 where the filesystem does not know
 * @param allocatedBytes what it takes on disk
 * @param linkCount how many names it has
 */
public record FileStatus(
        Type type,
        long device,
        long inode,
        long birthTimeNanos,
        long sizeBytes,
        long allocatedBytes,
        long mtimeNanos,
        long ctimeNanos,
        int linkCount,
        int mode,
        int uid,
        int gid) {

    /** The part that identifies an unchanged file in the pool with this id. */
    public FileFacts facts(String poolId) {
        return new FileFacts(poolId, inode, birthTimeNanos, sizeBytes, mtimeNanos, ctimeNanos);
    }

    /** What kind of thing has the name. */
    public enum Type {
        REGULAR,
        DIRECTORY,
        SYMLINK,
        OTHER
    }
}
