package io.planish.cli;

import io.planish.job.Expectations;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.SkipReason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** Carries the jobs of a plan out one after the other, each after those it depends on. */
final class PlanRun {
    private final List<Job> jobs;
    private final StateFolder state;
    private final Function<Job, JobResult> runner;
    private final BooleanSupplier stopRequested;

    /** @param jobs each after those it depends on */
    PlanRun(List<Job> jobs, StateFolder state, Function<Job, JobResult> runner, BooleanSupplier stopRequested) {
        this.jobs = List.copyOf(jobs);
        this.state = state;
        this.runner = runner;
        this.stopRequested = stopRequested;
    }

    /**
     * Runs until all is done, or stop is requested. Jobs that an earlier attempt has done are not touched again; what depends on a job that
     * was not done is skipped.
     *
     * @param report told of each job's result once it is recorded
     * @return the results of all jobs that were come to, in their order
     */
    Map<String, JobResult> run(BiConsumer<Job, JobResult> report) throws IOException {
        Map<String, JobResult> results = new LinkedHashMap<>();
        for (Job job : jobs) {
            if (stopRequested.getAsBoolean()) {
                break;
            }
            JobResult result = state.result(job.id()).orElse(null);
            if (result == null) {
                result = attempt(job, results);
                if (result.outcome() instanceof Outcome.Done) {
                    state.record(job.id(), result);
                }
            }
            results.put(job.id(), result);
            report.accept(job, result);
        }
        return results;
    }

    private JobResult attempt(Job job, Map<String, JobResult> results) {
        for (String id : job.dependsOn()) {
            JobResult before = results.get(id);
            if (before == null || !(before.outcome() instanceof Outcome.Done)) {
                return new JobResult(
                        new Outcome.Skipped(
                                SkipReason.DEPENDENCY, "job " + id + " was not done, which must come before"),
                        Map.of(),
                        List.of(),
                        0,
                        0,
                        List.of());
            }
        }
        Set<String> before = dependencies(job);
        List<JobResult> inOrder = new ArrayList<>();
        results.forEach((id, result) -> {
            if (before.contains(id)) {
                inOrder.add(result);
            }
        });
        return runner.apply(Expectations.filled(job, inOrder));
    }

    /** All jobs that must come before, directly or not. */
    private Set<String> dependencies(Job job) {
        Map<String, Job> byId = new HashMap<>();
        jobs.forEach(j -> byId.put(j.id(), j));
        Set<String> found = new HashSet<>();
        List<String> open = new ArrayList<>(job.dependsOn());
        while (!open.isEmpty()) {
            String id = open.removeLast();
            Job dependency = byId.get(id);
            if (found.add(id) && dependency != null) {
                open.addAll(dependency.dependsOn());
            }
        }
        return found;
    }
}
