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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;

/**
 * Decides, from what the ledger holds, what to do next: a job is let into the queue when all it depends on is done, its pool has a
 * free slot, and no job that is queued, running or of unknown outcome, of whatever run, touches the same images.
 */
final class Dispatch {
    private final List<Footprint> taken = new ArrayList<>();
    private final Map<PoolName, Integer> used = new HashMap<>();
    private final List<Step> steps = new ArrayList<>();
    private final ToIntFunction<PoolName> slots;

    private Dispatch(ToIntFunction<PoolName> slots) {
        this.slots = slots;
    }

    /**
     * @param runs those that are neither being planned nor over, oldest first
     * @param closed footprints of jobs of unknown outcome in runs that are over
     * @param slots how many jobs of a pool may be queued or running
     */
    static List<Step> next(List<RunView> runs, List<Footprint> closed, ToIntFunction<PoolName> slots) {
        Dispatch dispatch = new Dispatch(slots);
        dispatch.taken.addAll(closed);
        runs.forEach(r -> r.jobs().values().forEach(dispatch::countIn));
        for (RunView view : runs) {
            switch (view.run().state()) {
                case READY -> {
                    view.inOrder().forEach(j -> dispatch.ready(view, j));
                    dispatch.endOf(view);
                }
                case CANCELLING -> {
                    view.inOrder().forEach(dispatch::cancelling);
                    dispatch.endOf(view);
                }
                case PLANNING, PAUSED, FINISHED, FAILED -> {}
            }
        }
        return dispatch.steps;
    }

    private void countIn(JobRecord job) {
        switch (job.state()) {
            case JobState.Queued s -> take(job);
            case JobState.Running s -> take(job);
            case JobState.Blocked s -> {}
            case JobState.Finished s -> {
                if (s.result().outcome() instanceof Outcome.Unknown) {
                    taken.add(Footprint.of(job.job()));
                }
            }
        }
    }

    private void take(JobRecord job) {
        taken.add(Footprint.of(job.job()));
        used.merge(job.job().target().pool(), 1, Integer::sum);
    }

    private void ready(RunView view, JobRecord job) {
        switch (job.state()) {
            case JobState.Queued s -> steps.add(new Step.Offer(job));
            case JobState.Blocked s -> blocked(view, job);
            case JobState.Running s -> {}
            case JobState.Finished s -> {}
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
        Footprint footprint = Footprint.of(job.job());
        PoolName pool = job.job().target().pool();
        if (!waits
                && used.getOrDefault(pool, 0) < slots.applyAsInt(pool)
                && taken.stream().noneMatch(footprint::collidesWith)) {
            steps.add(new Step.Queue(job, Expectations.filled(job.job(), before(view, job))));
            take(job);
        }
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

    private void cancelling(JobRecord job) {
        if (job.isCancellable()) {
            steps.add(new Step.Cancel(job));
        } else if (job.state() instanceof JobState.Queued) {
            steps.add(new Step.Offer(job));
        }
    }

    private void endOf(RunView view) {
        List<JobRecord> jobs = view.inOrder();
        if (jobs.size() < view.run().jobs().size()
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
