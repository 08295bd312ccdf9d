package io.planish.engine;

import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.job.Job;
import io.planish.qcow2.Backing;
import java.util.Map;
import java.util.Optional;

/**
 * All that is left to do for a job, as it stands durably in the target's pool while the job cannot be forgotten: from a
 * commit's first write, or from the first changed link, until the end. Any worker can finish the job from it alone.
 *
 * @param phase {@code MERGE}: a commit has begun to write, and can only be started over; {@code FINISH}: the target holds all
 *     content, what is left are links, names and leftovers
 * @param files who each file of the group and each relinked overlay is, whatever its name will be then
 * @param virtualSizeBytes the size of the target's disk afterwards
 * @param targetBacking the target's backing link in its final form, as hypervisors see it; empty: none
 * @param delete whether leftovers are removed instead of going to the trash
 */
record Intent(
        int version,
        String run,
        Job job,
        Phase phase,
        Map<ImageRef, FileFacts> files,
        long virtualSizeBytes,
        Optional<Backing> targetBacking,
        boolean delete) {

    static final int VERSION = 1;

    enum Phase {
        MERGE,
        FINISH
    }

    Intent {
        files = Map.copyOf(files);
    }

    Intent in(Phase next) {
        return new Intent(version, run, job, next, files, virtualSizeBytes, targetBacking, delete);
    }
}
