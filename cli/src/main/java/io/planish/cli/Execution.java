package io.planish.cli;

import io.planish.engine.EngineOptions;
import io.planish.engine.FolderCheckpoints;
import io.planish.engine.JobRunner;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.plan.Bytes;
import io.planish.plan.Policy;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/** Carries a saved plan out in this process, and says what happens. */
final class Execution {
    private final SavedPlan saved;
    private final PrintWriter out;
    private final PrintWriter err;
    private final ProgressLine.Style style;

    Execution(SavedPlan saved, PrintWriter out, PrintWriter err, ProgressLine.Style style) {
        this.saved = saved;
        this.out = out;
        this.err = err;
        this.style = style;
    }

    /**
     * Continues where an earlier attempt at the same plan was stopped.
     *
     * @param file where the plan is saved, for what a person has to do next
     * @return the exit code
     */
    int run(Path file) throws IOException {
        Workspace workspace = Workspace.toCarryOut(saved);
        Policy policy = saved.plan().policy();
        EngineOptions options = EngineOptions.DEFAULT
                .verifying(policy.verify())
                .deleting(policy.grace().isZero());
        JobRunner runner = workspace.runner(options, Set.of());
        String run = saved.plan().snapshot();
        try (StateFolder state = StateFolder.take(StateFolder.ofAllRuns(), run);
                Stop stop = Stop.onSignals()) {
            FolderCheckpoints checkpoints = new FolderCheckpoints(workspace.storage(), state.folder());
            PlanRun planRun = new PlanRun(
                    saved.jobs(workspace),
                    state,
                    job -> {
                        ProgressLine line = new ProgressLine(err, style, job.id());
                        try {
                            return runner.run(
                                    job,
                                    new LocalAttempt(
                                            run, state.epoch(), checkpoints, stop::requested, line, Long.MAX_VALUE));
                        } finally {
                            line.end();
                        }
                    },
                    stop::requested);
            Map<String, JobResult> results = planRun.run(this::report);
            if (stop.requested()) {
                err.println("planish: stopped (go on with: planish apply " + file + ")");
                err.flush();
            }
            return summary(results.values());
        }
    }

    private void report(Job job, JobResult result) {
        String line = job.id() + " " + Outcomes.name(result.outcome());
        switch (result.outcome()) {
            case Outcome.Done done -> {
                out.println(line + ": " + PlanText.what(job) + ", " + Bytes.text(result.bytesCopied()) + " written");
                result.notes().forEach(note -> out.println("  " + note));
            }
            case Outcome.Cancelled cancelled -> out.println(line + ": " + PlanText.what(job));
            case Outcome.Skipped skipped -> out.println(line + " " + skipped.reason() + ": " + skipped.message());
            case Outcome.Stale stale -> problem(job, stale);
            case Outcome.Failed failed -> problem(job, failed);
            case Outcome.Unknown unknown -> problem(job, unknown);
        }
        out.flush();
    }

    private void problem(Job job, Outcome outcome) {
        out.flush();
        err.println("planish: " + job.id() + " " + Outcomes.name(outcome) + ": " + Outcomes.message(outcome));
        err.flush();
    }

    private int summary(Collection<JobResult> results) {
        long done = count(results, Outcome.Done.class);
        long skipped = count(results, Outcome.Skipped.class);
        long stopped = count(results, Outcome.Cancelled.class);
        int open = saved.plan().jobs().size() - results.size();
        long written = results.stream().mapToLong(JobResult::bytesCopied).sum();
        out.println(done + " of " + saved.plan().jobs().size() + " jobs done, " + Bytes.text(written) + " written");
        out.flush();
        if (done + skipped + stopped + open < saved.plan().jobs().size() || stopped + open > 0) {
            return ExitCode.FAILED;
        }
        return done == 0 && skipped > 0 ? ExitCode.ALL_SKIPPED : ExitCode.DONE;
    }

    private static long count(Collection<JobResult> results, Class<? extends Outcome> kind) {
        return results.stream()
                .filter(result -> kind.isInstance(result.outcome()))
                .count();
    }
}
