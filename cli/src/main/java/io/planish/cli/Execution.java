package io.planish.cli;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.engine.EngineOptions;
import io.planish.engine.FolderCheckpoints;
import io.planish.engine.JobRunner;
import io.planish.engine.JobRunner.BegunJob;
import io.planish.job.Expectations;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Json;
import io.planish.job.Outcome;
import io.planish.plan.ChangedTree;
import io.planish.plan.Plan;
import io.planish.plan.PlanPart;
import io.planish.plan.Policy;
import io.planish.plan.Snapshot;
import io.planish.plan.Staleness;
import io.planish.platform.Hooks;
import io.planish.platform.References;
import io.planish.storage.Pool;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Carries a saved plan out in this process, and says what happens. First of all the plan is held against the pools as they are now: of a
 * tree that has changed nothing is touched.
 */
final class Execution {
    private final SavedPlan saved;
    private final References references;
    private final boolean json;
    private final PlanRun.Limits limits;
    private final Hooks hooks;
    private final PrintWriter out;
    private final PrintWriter err;

    /** @param references who is asked again whether the plan still holds */
    Execution(SavedPlan saved, References references, RunOptions options, PrintWriter out, PrintWriter err) {
        this.saved = saved;
        this.references = references;
        this.json = options.json();
        this.limits = options.limits(saved.plan().policy());
        this.hooks = options.hooks();
        this.out = out;
        this.err = err;
    }

    /**
     * Continues where an earlier run of the same plan was stopped.
     *
     * @param file where the plan is saved, for what a person has to do next
     * @param target empty: all; else only what this image needs
     */
    RunSummary run(Path file, Optional<Path> target) throws IOException {
        String run = saved.plan().snapshot();
        try (StateFolder state = StateFolder.take(StateFolder.ofAllRuns(), run);
                Stop stop = Stop.onSignals()) {
            Map<String, JobResult> known = done(state);
            Set<String> before = Set.copyOf(known.keySet());
            List<Job> jobs = saved.plan().jobs();
            if (before.size() < jobs.size()) {
                Workspace workspace = Workspace.toCarryOut(saved).with(references);
                Snapshot now = workspace.scanWithoutUse();
                jobs = wanted(saved.jobs(workspace), target, workspace, now);
                known.keySet().retainAll(jobs.stream().map(Job::id).toList());
                known.putAll(stale(jobs, known, begun(jobs, known, workspace, state), now));
                runAll(jobs, known, workspace, state, stop);
            }
            Set<String> doneBefore = new HashSet<>(before);
            doneBefore.retainAll(known.keySet());
            RunSummary summary = new RunSummary(run, jobs, known, doneBefore, stop.requested(), limits.isCanary());
            conclude(summary, file, stop.requested());
            return summary;
        }
    }

    /** What earlier runs have done, in the order of the plan. */
    private Map<String, JobResult> done(StateFolder state) throws IOException {
        Map<String, JobResult> done = new LinkedHashMap<>();
        for (Job job : saved.plan().jobs()) {
            Optional<JobResult> result = state.result(job.id());
            if (result.isPresent()) {
                done.put(job.id(), result.get());
            }
        }
        return done;
    }

    private List<Job> wanted(List<Job> all, Optional<Path> target, Workspace workspace, Snapshot now)
            throws IOException {
        if (target.isEmpty()) {
            return all;
        }
        ImageRef image = workspace.ref(target.get());
        Plan part = PlanPart.forImage(saved.plan(), now.forest(), image);
        Set<String> ids = new HashSet<>();
        part.jobs().forEach(job -> ids.add(job.id()));
        if (ids.isEmpty()) {
            throw new ImageException(
                    ErrorKind.MISSING, image.toString(), "no job of the plan is for its chain", "see the plan");
        }
        return all.stream().filter(job -> ids.contains(job.id())).toList();
    }

    /** The jobs that an earlier run has begun, or finished without being able to say so: they go on whatever the plan saw. */
    private Set<String> begun(List<Job> jobs, Map<String, JobResult> done, Workspace workspace, StateFolder state)
            throws IOException {
        Set<String> begun = new HashSet<>();
        if (state.epoch() == 1) {
            return begun;
        }
        JobRunner runner = workspace.runner(EngineOptions.DEFAULT, Set.of());
        for (Pool pool : workspace.pools().all()) {
            runner.begun(pool).stream()
                    .filter(job -> job.run().equals(saved.plan().snapshot()))
                    .map(BegunJob::job)
                    .forEach(job -> begun.add(job.id()));
        }
        for (Job job : jobs) {
            if (!done.containsKey(job.id())
                    && runner.isFinished(Expectations.filled(job, List.copyOf(done.values())))) {
                begun.add(job.id());
            }
        }
        return begun;
    }

    private Map<String, JobResult> stale(List<Job> jobs, Map<String, JobResult> done, Set<String> begun, Snapshot now) {
        Map<String, JobResult> stale = new LinkedHashMap<>();
        for (ChangedTree tree :
                Staleness.of(jobs, done, begun, now, saved.plan().policy())) {
            for (ChangedTree.Change change : tree.changes()) {
                err.println("planish: " + change.image() + ": " + change.what() + " ("
                        + tree.jobs().size() + " jobs of its tree are left alone; plan again)");
            }
            String what = tree.changes().getFirst().image() + ": "
                    + tree.changes().getFirst().what();
            tree.jobs()
                    .forEach(job -> stale.put(
                            job, new JobResult(new Outcome.Stale(what), Map.of(), List.of(), 0, 0, List.of())));
        }
        err.flush();
        return stale;
    }

    private void runAll(List<Job> jobs, Map<String, JobResult> known, Workspace workspace, StateFolder state, Stop stop)
            throws IOException {
        Policy policy = saved.plan().policy();
        JobRunner runner = workspace.runner(
                EngineOptions.DEFAULT.verifying(policy.verify()).keepingLeftovers(policy.grace()), Set.of());
        FolderCheckpoints checkpoints = new FolderCheckpoints(workspace.storage(), state.folder());
        List<Job> pending =
                jobs.stream().filter(job -> !known.containsKey(job.id())).toList();
        JobReports reports = new JobReports(pending, json, out, err);
        PlanRun planRun = new PlanRun(
                jobs,
                state,
                job -> hooks.around(
                        saved.plan().snapshot(),
                        job,
                        workspace.gate(),
                        () -> runner.run(
                                job,
                                new LocalAttempt(
                                        saved.plan().snapshot(),
                                        state.epoch(),
                                        checkpoints,
                                        stop::requested,
                                        reports.of(job),
                                        Long.MAX_VALUE))),
                limits,
                stop);
        try {
            known.putAll(planRun.run(known, reports));
        } finally {
            reports.close();
        }
    }

    private void conclude(RunSummary summary, Path file, boolean stopped) throws IOException {
        if (stopped) {
            err.println("planish: stopped (go on with: planish apply " + file + ")");
            err.flush();
        }
        out.println(json ? Json.MAPPER.writeValueAsString(summary.json()) : summary.text());
        if (!json && summary.isCutShort() && !stopped) {
            out.println("The rest is left for: planish apply " + file);
        }
        out.flush();
    }
}
