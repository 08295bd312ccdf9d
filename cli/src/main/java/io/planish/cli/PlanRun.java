package io.planish.cli;

import io.planish.chain.PoolName;
import io.planish.job.Expectations;
import io.planish.job.Job;
import io.planish.job.JobOrder;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.SkipReason;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Carries the jobs of a plan out: each after those it depends on, side by side where they do not touch the same images. All but the
 * jobs themselves happens in the calling thread.
 */
final class PlanRun {
    private static final long TICK_MILLIS = 100;

    private final List<Job> jobs;
    private final Map<String, Job> byId = new HashMap<>();
    private final JobOrder order;
    private final StateFolder state;
    private final Function<Job, JobResult> runner;
    private final Limits limits;
    private final Stop stop;
    private final Map<String, JobResult> results = new LinkedHashMap<>();
    private final PriorityQueue<Integer> ready = new PriorityQueue<>();
    private final Map<String, Integer> places = new HashMap<>();
    private final Map<String, Integer> endedAs = new HashMap<>();
    private final Map<String, Integer> waitsFor = new HashMap<>();
    private final Set<PoolName> stopped = new HashSet<>();
    private int begun;

    /**
     * How far a run may go.
     *
     * @param atOnce how many jobs at the same time
     * @param canary how many jobs at all; with it a pool stops at its first failure. {@link Integer#MAX_VALUE}: no canary
     */
    record Limits(int atOnce, int canary) {
        boolean isCanary() {
            return canary != Integer.MAX_VALUE;
        }
    }

    /** Whoever is told what happens. */
    interface Watcher {
        void begins(Job job);

        /** The result is recorded. */
        void ended(Job job, JobResult result);

        /** Called several times a second while jobs run. */
        void tick();
    }

    /** @param jobs each after those it depends on */
    PlanRun(List<Job> jobs, StateFolder state, Function<Job, JobResult> runner, Limits limits, Stop stop) {
        this.jobs = List.copyOf(jobs);
        this.order = JobOrder.of(jobs);
        this.state = state;
        this.runner = runner;
        this.limits = limits;
        this.stop = stop;
        jobs.forEach(job -> {
            places.put(job.id(), places.size());
            byId.put(job.id(), job);
            waitsFor.put(job.id(), order.before(job.id()).size());
        });
    }

    /**
     * Runs until all is done, or stop is requested. What depends on a job that was not done is skipped.
     *
     * @param known results of jobs that are not to be run, in the order in which they came about
     * @return the results of all jobs that were come to, the known ones first
     */
    Map<String, JobResult> run(Map<String, JobResult> known, Watcher watcher) throws IOException {
        known.forEach(this::put);
        for (Job job : jobs) {
            if (waitsFor.getOrDefault(job.id(), 0) == 0 && !known.containsKey(job.id())) {
                ready.add(places.getOrDefault(job.id(), 0));
            }
        }
        known.keySet().forEach(this::release);
        try (ExecutorService threads = Executors.newFixedThreadPool(
                limits.atOnce(), Thread.ofPlatform().name("planish-job-", 0).factory())) {
            try {
                runAll(new ExecutorCompletionService<>(threads), watcher);
            } catch (IOException | RuntimeException | Error e) {
                stop.request(); // or the jobs under way would be waited for to their ends
                throw e;
            }
        }
        return results;
    }

    private void runAll(CompletionService<Ended> threads, Watcher watcher) throws IOException {
        int underWay = 0;
        while (true) {
            for (Job job : next(limits.atOnce() - underWay, watcher)) {
                watcher.begins(job);
                Job filled = filled(job);
                threads.submit(() -> new Ended(job, runner.apply(filled)));
                underWay++;
            }
            if (underWay == 0) {
                return;
            }
            try {
                Future<Ended> first = threads.poll(TICK_MILLIS, TimeUnit.MILLISECONDS);
                if (first == null) {
                    watcher.tick();
                } else {
                    underWay--;
                    ended(first.get(), watcher);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }
    }

    private record Ended(Job job, JobResult result) {}

    private void ended(Ended ended, Watcher watcher) throws IOException {
        Outcome outcome = ended.result().outcome();
        if (outcome instanceof Outcome.Done) {
            state.record(ended.job().id(), ended.result());
        }
        if (limits.isCanary() && (outcome instanceof Outcome.Failed || outcome instanceof Outcome.Unknown)) {
            stopped.add(ended.job().target().pool());
        }
        settle(ended.job(), ended.result(), watcher);
    }

    private void settle(Job job, JobResult result, Watcher watcher) {
        put(job.id(), result);
        release(job.id());
        watcher.ended(job, result);
    }

    private void put(String job, JobResult result) {
        endedAs.put(job, endedAs.size());
        results.put(job, result);
    }

    private void release(String ended) {
        for (String id : order.after(ended)) {
            if (waitsFor.merge(id, -1, Integer::sum) == 0 && !results.containsKey(id)) {
                ready.add(places.getOrDefault(id, 0));
            }
        }
    }

    /** The jobs to begin now, at most {@code room}; those are settled at once whose dependencies were not done. */
    private List<Job> next(int room, Watcher watcher) {
        List<Job> next = new ArrayList<>();
        while (next.size() < room && begun < limits.canary() && !stop.requested() && !ready.isEmpty()) {
            Job job = jobs.get(ready.remove());
            String missing = missing(job);
            if (!missing.isEmpty()) {
                settle(job, skipped("job " + missing + " was not done, which must come before"), watcher);
            } else if (!stopped.contains(job.target().pool())) {
                begun++;
                next.add(job);
            }
        }
        return next;
    }

    private String missing(Job job) {
        return job.dependsOn().stream()
                .filter(id ->
                        !(results.get(id) instanceof JobResult result) || !(result.outcome() instanceof Outcome.Done))
                .findFirst()
                .orElse("");
    }

    private static JobResult skipped(String why) {
        return new JobResult(new Outcome.Skipped(SkipReason.DEPENDENCY, why), Map.of(), List.of(), 0, 0, List.of());
    }

    private Job filled(Job job) {
        Set<String> before = dependencies(job);
        List<JobResult> inOrder = new ArrayList<>();
        before.stream()
                .filter(results::containsKey)
                .sorted(Comparator.comparing(id -> endedAs.getOrDefault(id, 0)))
                .forEach(id -> inOrder.add(results.get(id)));
        return Expectations.filled(job, inOrder);
    }

    /** All jobs that must come before, directly or not. */
    private Set<String> dependencies(Job job) {
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
