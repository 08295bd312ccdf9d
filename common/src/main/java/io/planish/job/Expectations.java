package io.planish.job;

import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

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
        return with(
                job,
                e -> e.unchanged().isPresent()
                        ? e
                        : new Expectation(e.image(), e.backing(), Optional.ofNullable(facts.get(e.image()))));
    }

    /** The job after a change of files that is our own: what it expected of them before, it expects in the new state. */
    public static Job replaced(Job job, Map<FileFacts, FileFacts> changes) {
        return with(
                job,
                e -> new Expectation(
                        e.image(), e.backing(), e.unchanged().map(facts -> changes.getOrDefault(facts, facts))));
    }

    private static Job with(Job job, UnaryOperator<Expectation> change) {
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
                job.expects().stream().map(change).toList(),
                job.bytesToWrite(),
                job.bytesToClone(),
                job.bytesToFree());
    }
}
