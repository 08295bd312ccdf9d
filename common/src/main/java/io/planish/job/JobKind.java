package io.planish.job;

/** What is to be done: how a group of layers becomes one, see {@link Job}, or what a worker does for a pool that it mounts, see {@link PoolJobs}. */
public enum JobKind {
    /** Nothing of the group stands above the target: data comes up into it. What any image shows stays the same. */
    PULL,
    /** Something stands above the target: from the first write on, target and middle layers have no view of their own. */
    COMMIT,
    /** One overlay gets a backing file that is not in its chain, keeping its content. */
    REBASE,
    /** Tells what a pool holds, to whoever does not mount it. */
    SCAN,
    /** Tells what some images of a pool own. */
    READ,
    /** Removes for good what has been in a pool's trash for its grace period. */
    PURGE;

    /** Whether it makes layers one; otherwise it is of a pool, and writes no image. */
    public boolean merges() {
        return switch (this) {
            case PULL, COMMIT, REBASE -> true;
            case SCAN, READ, PURGE -> false;
        };
    }
}
