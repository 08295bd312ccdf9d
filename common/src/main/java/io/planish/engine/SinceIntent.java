package io.planish.engine;

import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.image.HeaderFile;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.qcow2.Backing;
import io.planish.qcow2.Header;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Resolution;
import java.io.IOException;
import java.util.Optional;

/**
 * What a guest may have done between two attempts, while nobody held the locks, to a job whose target held all content already. The files
 * are open and locked again.
 */
final class SinceIntent {
    private final PathGate gate;
    private final Intent intent;
    private final Job job;
    private final OpenFiles files;
    private final ImageFile target;

    SinceIntent(PathGate gate, Intent intent, OpenFiles files) {
        this.gate = gate;
        this.intent = intent;
        this.job = intent.job();
        this.files = files;
        this.target = files.get(job.target());
    }

    /**
     * Whether the target still holds all that the top shows.
     *
     * @param moved whether the target has taken a leaf's name
     */
    boolean isNothingLost(boolean moved) throws IOException {
        if (job.kind() != JobKind.COMMIT) {
            Header header = HeaderFile.read(target);
            return header.virtualSizeBytes() == intent.virtualSizeBytes()
                    || header.backing().equals(intent.targetBacking());
        }
        return moved || !job.relinks().isEmpty() || isTopUnchanged();
    }

    private boolean isTopUnchanged() throws IOException {
        FileFacts then = intent.files().get(job.top());
        if (then == null || !files.has(job.top())) {
            return false;
        }
        FileFacts now = files.get(job.top()).status().facts(then.poolId());
        return now.sizeBytes() == then.sizeBytes() && now.mtimeNanos() == then.mtimeNanos();
    }

    /** The job's chain as far as the target's backing link has not left it behind. */
    JobChain chain() throws IOException {
        JobChain chain = JobChain.of(job);
        if (chain.target() == chain.lo()) {
            return chain;
        }
        ImageRef below = chain.images().get(chain.target() - 1);
        Optional<Backing> backing = HeaderFile.read(target).backing();
        boolean linkedAsBefore = backing.isPresent()
                && gate.resolveBacking(job.target(), backing.get().name()) instanceof Resolution.Inside inside
                && inside.ref().equals(below);
        return linkedAsBefore ? chain : chain.withTargetLinked();
    }
}
