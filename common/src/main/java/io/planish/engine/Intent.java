package io.planish.engine;

import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.job.Job;
import io.planish.qcow2.Backing;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * All that is left to do for a job, as it stands durably in the target's pool while the job cannot be forgotten: from a
 * commit's first write, or from the first changed link, until the end. Any worker can finish the job from it alone.
 *
 * @param phase {@code MERGE}: a commit has begun to write, and can only be started over; {@code FINISH}: the target holds all
 *     content, what is left are links, names and leftovers; {@code ENDED}: of a commit that changes no link, only marks are left, and somebody
 *     may have gone on with the target since they went
 * @param files who each file of the group and each relinked overlay is, whatever its name will be then; of the top also in which
 *     state the target took its content
 * @param virtualSizeBytes the size of the target's disk afterwards
 * @param targetBacking the target's backing link in its final form, as hypervisors see it; empty: none
 * @param targetIsRaw whether the target is a raw file, which holds neither a size nor a link nor a mark
 * @param delete whether leftovers are removed instead of going to the trash
 * @param grace how long they are to stay there; empty where the version before has written it
 */
record Intent(
        int version,
        String run,
        Job job,
        Phase phase,
        Map<ImageRef, FileFacts> files,
        long virtualSizeBytes,
        Optional<Backing> targetBacking,
        boolean targetIsRaw,
        boolean delete,
        Optional<Duration> grace) {

    static final int VERSION = 1;

    enum Phase {
        MERGE,
        FINISH,
        ENDED
    }

    Intent {
        files = Map.copyOf(files);
    }

    /**
     * The same intent in the words of whoever reads it: pools are known by their ids, and may be called otherwise here. Empty if
     * one of them is not known here.
     */
    Optional<Intent> readBy(Pools pools) {
        Map<PoolName, PoolName> names = new HashMap<>();
        for (Map.Entry<ImageRef, FileFacts> file : files.entrySet()) {
            Optional<Pool> pool = pools.all().stream()
                    .filter(known -> known.id().equals(file.getValue().poolId()))
                    .findFirst();
            if (pool.isEmpty()) {
                return Optional.empty();
            }
            names.put(file.getKey().pool(), pool.get().name());
        }
        UnaryOperator<ImageRef> name =
                image -> new ImageRef(names.getOrDefault(image.pool(), image.pool()), image.path());
        Map<ImageRef, FileFacts> renamed = new HashMap<>();
        files.forEach((image, facts) -> renamed.put(name.apply(image), facts));
        return Optional.of(new Intent(
                version,
                run,
                job.renamed(name),
                phase,
                renamed,
                virtualSizeBytes,
                targetBacking,
                targetIsRaw,
                delete,
                grace));
    }

    /** The same where the top may have got another size since the job was begun. */
    Intent ofSize(long newVirtualSizeBytes) {
        return new Intent(
                version, run, job, phase, files, newVirtualSizeBytes, targetBacking, targetIsRaw, delete, grace);
    }

    /** The target is what it is to be, but for marks. */
    Intent ended() {
        return new Intent(
                version, run, job, Phase.ENDED, files, virtualSizeBytes, targetBacking, targetIsRaw, delete, grace);
    }

    /** What is left once the target shows all that the top shows; {@code finished} may relink more than was planned. */
    Intent finishing(Job finished, Map<ImageRef, FileFacts> now) {
        return new Intent(
                version, run, finished, Phase.FINISH, now, virtualSizeBytes, targetBacking, targetIsRaw, delete, grace);
    }
}
