package io.planish.job;

import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Fills in what a plan could not know. */
public final class Expectations {
    private Expectations() {}

    /**
     * The job with the facts of images that its dependencies touched, as those dependencies recorded them; where several touched
     * one, the later one's.
     *
     * @param done results of all jobs it depends on, directly or not, each after those that it depends on itself
     */
    public static Job filled(Job job, List<JobResult> done) {
        Map<ImageRef, FileFacts> facts = new HashMap<>();
        done.forEach(r -> facts.putAll(r.facts()));
        List<Expectation> expects = job.expects().stream()
                .map(e -> e.unchanged().isPresent()
                        ? e
                        : new Expectation(e.image(), e.backing(), Optional.ofNullable(facts.get(e.image()))))
                .toList();
        return new Job(
                job.id(),
                job.kind(),
                job.target(),
                job.base(),
                job.top(),
                job.relinks(),
                job.replaces(),
                job.retires(),
                job.dependsOn(),
                expects,
                job.bytesToWrite(),
                job.bytesToClone(),
                job.bytesToFree());
    }
}
