package io.planish.plan;

import io.planish.chain.ImageRef;
import io.planish.job.Expectation;
import io.planish.job.Footprint;
import io.planish.job.Job;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Holds each job of a plan that comes from outside against what every planned job has: a file may have been cut or edited. Whether a job may be
 * done is {@link SafetyRule}'s to say, which can only ask about images that the job speaks of.
 */
final class WholeJobs {
    /** Both become parts of names of files. */
    private static final Pattern RUN = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    private static final Pattern ID = Pattern.compile("[a-z0-9-]{1,64}");

    private final Map<String, Set<ImageRef>> touchedBy = new HashMap<>();

    /** @throws IllegalArgumentException if it cannot be part of a file's name */
    static String run(String snapshot) {
        require(RUN.matcher(snapshot).matches(), "snapshot '" + snapshot + "' is no plain name");
        return snapshot;
    }

    /**
     * The job as it is, which comes after those that were asked about before.
     *
     * @throws IllegalArgumentException telling what the job lacks
     */
    Job next(Job job) {
        String id = job.id();
        require(ID.matcher(id).matches(), "job id '" + id + "' is no plain name");
        require(!touchedBy.containsKey(id), "job " + id + " is there twice");
        require(Math.min(job.bytesToWrite(), job.bytesToFree()) >= 0, "job " + id + " has bytes below zero");
        Set<ImageRef> before = new HashSet<>();
        for (String dependency : job.dependsOn()) {
            Optional<Set<ImageRef>> touched = Optional.ofNullable(touchedBy.get(dependency));
            require(touched.isPresent(), "job " + id + " depends on " + dependency + ", which does not come before");
            before.addAll(touched.orElseThrow());
        }
        Set<ImageRef> told = new HashSet<>();
        for (Expectation expected : job.expects()) {
            boolean known = expected.unchanged().isPresent() || before.contains(expected.image());
            require(known, "job " + id + " does not tell how " + expected.image() + " was");
            told.add(expected.image());
        }
        Set<ImageRef> named = new LinkedHashSet<>(Footprint.of(job).writes());
        named.add(job.top());
        job.base().ifPresent(named::add);
        for (ImageRef image : named) {
            require(told.contains(image), "job " + id + " does not tell how " + image + " was");
        }
        touchedBy.put(id, Footprint.of(job).all());
        return job;
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
