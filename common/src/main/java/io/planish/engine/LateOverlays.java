package io.planish.engine;

import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.Relink;
import io.planish.storage.ImageFile;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.PathGate;
import io.planish.storage.Pools;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Overlays of a commit's top that came after the plan. Until the top becomes unopenable its view holds, and so do theirs; a commit that
 * was begun can only be finished, and takes them along: where the target takes the top's name they follow by that name, else
 * they are linked to the target like the planned ones.
 */
final class LateOverlays {
    private final PathGate gate;
    private final Pools pools;
    private final Duration lockWait;

    LateOverlays(PathGate gate, Pools pools, Duration lockWait) {
        this.gate = gate;
        this.pools = pools;
        this.lockWait = lockWait;
    }

    /** The job with the late overlays among its relinks, each of them open and locked. */
    Job adopt(Job job, Set<ImageRef> late, OpenFiles files, Attempt attempt) throws IOException {
        if (late.isEmpty() || job.replaces().isPresent()) {
            return job;
        }
        List<Relink> relinks = new ArrayList<>(job.relinks());
        List<Expectation> expects = new ArrayList<>(job.expects());
        for (ImageRef overlay : late.stream().sorted().toList()) {
            ImageFile file = files.open(overlay, gate.locate(overlay), LockMode.WRITE, lockWait, attempt);
            FileFacts facts = file.status().facts(pools.get(overlay.pool()).id());
            relinks.add(new Relink(overlay, job.target()));
            expects.add(new Expectation(overlay, Optional.of(job.top()), Optional.of(facts)));
        }
        return new Job(
                job.id(),
                job.kind(),
                job.target(),
                job.base(),
                job.top(),
                relinks,
                job.replaces(),
                job.retires(),
                job.dependsOn(),
                expects,
                job.bytesToWrite(),
                job.bytesToClone(),
                job.bytesToFree());
    }
}
