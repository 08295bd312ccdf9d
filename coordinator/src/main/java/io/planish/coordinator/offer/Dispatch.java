package io.planish.coordinator.offer;

import io.planish.chain.PoolName;
import io.planish.job.Expectations;
import io.planish.job.Footprint;
import io.planish.job.JobRecord;
import io.planish.job.JobResult;
import io.planish.job.JobState;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.run.RunRecord;
import io.planish.run.RunState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;

/**
 * Decides, from what the ledger holds, what to do next: a job is let into the queue when all it depends on is done, its pool and its run have a
 * free slot, and no job that is queued, running or of unknown outcome, of whatever run, touches the same images. What is queued in a
 * run that is paused or outside its window takes no slot, but keeps its images. What a canary run does not begin is skipped.
 */
final class Dispatch {
    private final List<Footprint> taken = new ArrayList<>();
    private final Map<PoolName, Integer> used = new HashMap<>();
    private final Map<String, Integer> usedByRun = new HashMap<>();
    private final Map<String, Integer> begun = new HashMap<>();
    private final List<Step> steps = new ArrayList<>();
    private final ToIntFunction<PoolName> slots;

    private Dispatch(ToIntFunction<PoolName> slots) {
        this.slots = slots;
    }

    /**
     * @param runs those that are neither being planned nor over, those that are to go first first
     * @param closed footprints of jobs of unknown outcome in runs that are over
     * @param slots how many jobs of a pool may be queued or running
     * @param now outside a run's window nothing of it is let go on
     */
    static List<Step> next(List<RunView> runs, List<Footprint> closed, ToIntFunction<PoolName> slots, Instant now) {
        Dispatch dispatch = new Dispatch(slots);
        dispatch.taken.addAll(closed);
        runs.forEach(r -> r.jobs().values().forEach(j -> dispatch.countIn(r.run(), j)));
        for (RunView view : runs) {
            boolean open = view.run().limits().isOpen(now);
            switch (view.run().state()) {
                case READY -> {
                    if (open) {
                        view.inOrder().forEach(j -> dispatch.ready(view, j));
                    }
                    dispatch.endOf(view);
                }
                case CANCELLING -> {
                    view.inOrder().forEach(j -> dispatch.cancelling(view, j, open));
                    dispatch.endOf(view);
                }
                case PLANNING, PAUSED, FINISHED, FAILED -> {}
            }
        }
        return dispatch.steps;
    }

    private void countIn(RunRecord run, JobRecord job) {
        boolean notBegun = job.state() instanceof JobState.Blocked
                || job.outcome().filter(Outcome.Skipped.class::isInstance).isPresent();
        if (!notBegun) {
            begun.merge(run.id(), 1, Integer::sum);
        }
        switch (job.state()) {
            case JobState.Queued s -> taken.add(Footprint.of(job.job()));
            case JobState.Running s -> {
                taken.add(Footprint.of(job.job()));
                takeSlot(run, job);
            }
            case JobState.Blocked s -> {}
            case JobState.Finished s -> {
                if (s.result().outcome() instanceof Outcome.Unknown) {
                    taken.add(Footprint.of(job.job()));
                }
            }
        }
    }

    /** A look at a pool takes no slot: jobs that have one may be waiting for it. */
    private boolean hasSlot(RunRecord run, JobRecord job) {
        if (!job.job().kind().merges()) {
            return true;
        }
        PoolName pool = job.job().target().pool();
        int configured = slots.applyAsInt(pool);
        return used.getOrDefault(pool, 0) < configured
                && usedByRun.getOrDefault(run.id() + "/" + pool, 0)
                        < run.limits().slots(pool, configured);
    }

    private void takeSlot(RunRecord run, JobRecord job) {
        if (!job.job().kind().merges()) {
            return;
        }
        PoolName pool = job.job().target().pool();
        used.merge(pool, 1, Integer::sum);
        usedByRun.merge(run.id() + "/" + pool, 1, Integer::sum);
    }

    private void ready(RunView view, JobRecord job) {
        switch (job.state()) {
            case JobState.Queued s -> queued(view, job);
            case JobState.Blocked s -> blocked(view, job);
            case JobState.Running s -> {}
            case JobState.Finished s -> {}
        }
    }

    private void queued(RunView view, JobRecord job) {
        if (hasSlot(view.run(), job)) {
            steps.add(new Step.Offer(job));
            takeSlot(view.run(), job);
        }
    }

    private void blocked(RunView view, JobRecord job) {
        boolean waits = false;
        for (String id : job.job().dependsOn()) {
            JobRecord dependency = view.jobs().get(id);
            Optional<Outcome> outcome = dependency == null ? Optional.empty() : dependency.outcome();
            if (outcome.isEmpty()) {
                waits = true;
            } else if (!(outcome.get() instanceof Outcome.Done)) {
                steps.add(new Step.Skip(
                        job, "job " + id + ", which must be done before, ended " + Outcomes.name(outcome.get())));
                return;
            }
        }
        Optional<String> canary = canary(view, job);
        if (canary.isPresent()) {
            steps.add(new Step.Skip(job, canary.get()));
            return;
        }
        Footprint footprint = Footprint.of(job.job());
        if (!waits && hasSlot(view.run(), job) && taken.stream().noneMatch(footprint::collidesWith)) {
            steps.add(new Step.Queue(job, Expectations.filled(job.job(), before(view, job))));
            taken.add(footprint);
            takeSlot(view.run(), job);
            begun.merge(view.run().id(), 1, Integer::sum);
        }
    }

    /** Why a canary run leaves out a job that has not begun; one that has may be a commit, which can only be finished. */
    private Optional<String> canary(RunView view, JobRecord job) {
        Optional<Integer> most = view.run().canary();
        if (most.isEmpty() || job.epoch() > 0) {
            return Optional.empty();
        }
        PoolName pool = job.job().target().pool();
        boolean failed = view.jobs().values().stream()
                .filter(other -> other.job().target().pool().equals(pool))
                .flatMap(other -> other.outcome().stream())
                .anyMatch(outcome -> outcome instanceof Outcome.Failed || outcome instanceof Outcome.Unknown);
        if (failed) {
            return Optional.of("a job of pool " + pool + " failed in this canary run");
        }
        return begun.getOrDefault(view.run().id(), 0) >= most.get()
                ? Optional.of("this canary run is of " + most.get() + " jobs")
                : Optional.empty();
    }

    private static List<JobResult> before(RunView view, JobRecord job) {
        Set<String> wanted = new HashSet<>();
        List<String> open = new ArrayList<>(job.job().dependsOn());
        while (!open.isEmpty()) {
            String id = open.removeLast();
            JobRecord dependency = view.jobs().get(id);
            if (dependency != null && wanted.add(id)) {
                open.addAll(dependency.job().dependsOn());
            }
        }
        List<JobResult> results = new ArrayList<>();
        for (JobRecord other : view.inOrder()) {
            if (wanted.contains(other.job().id()) && other.state() instanceof JobState.Finished f) {
                results.add(f.result());
            }
        }
        return results;
    }

    /** A commit that has begun, also one that is tried again, can only be finished. */
    private void cancelling(RunView view, JobRecord job, boolean open) {
        if (job.isCancellable()) {
            steps.add(new Step.Cancel(job));
        } else if (open) {
            ready(view, job);
        }
    }

    private void endOf(RunView view) {
        List<JobRecord> jobs = view.inOrder();
        if (jobs.size() < view.run().jobs().size()
                || !view.run().retrying().isEmpty()
                || !jobs.stream().allMatch(j -> j.state() instanceof JobState.Finished f && f.announced())) {
            return;
        }
        boolean stale = jobs.stream().anyMatch(j -> j.outcome().orElseThrow() instanceof Outcome.Stale);
        RunRecord run = view.run();
        steps.add(
                stale && run.state() == RunState.READY && run.generation() < RunRecord.GENERATIONS
                        ? new Step.Replan(run)
                        : new Step.Finish(run, jobs));
    }
}
