package io.planish.plan;

import io.planish.chain.PoolName;

/**
 * A pool as a snapshot saw it.
 *
 * @param id the random id in its marker file
 * @param complete whether every overlay of its images is known to be in the snapshot, so that a commit is thinkable
 * @param freeBytes what may still be written to its filesystem
 * @param filesystem equal for two pools, or a pool and an image, of one snapshot that share a filesystem
 * @param clones whether two files of that filesystem can share what one would be a copy of in the other, as with reflinks
 */
public record PoolState(PoolName name, String id, boolean complete, long freeBytes, int filesystem, boolean clones) {

    public PoolState(PoolName name, String id, boolean complete, long freeBytes, int filesystem) {
        this(name, id, complete, freeBytes, filesystem, false);
    }
}
