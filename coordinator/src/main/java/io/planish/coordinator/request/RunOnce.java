package io.planish.coordinator.request;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.planish.coordinator.request.RunOnceSummary.Ended;
import io.planish.coordinator.schedule.Schedules;
import io.planish.job.JobRecord;
import io.planish.job.Json;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.plan.Durations;
import io.planish.plan.Plan;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import jakarta.inject.Singleton;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** One run, from the wish to its end, for a cluster's own scheduler. */
@Singleton
public final class RunOnce {
    private static final Duration LOOK = Duration.ofMillis(500);

    private final Runs runs;
    private final Ledger ledger;
    private final Schedules schedules;
    private final Clock clock;

    RunOnce(Runs runs, Ledger ledger, Schedules schedules, Clock clock) {
        this.runs = runs;
        this.ledger = ledger;
        this.schedules = schedules;
        this.clock = clock;
    }

    /** Returns the exit code, see {@link RunOnceOptions}. */
    public int run(List<String> arguments, PrintStream out, PrintStream err) {
        RunOnceOptions options = new RunOnceOptions();
        CommandLine line = new CommandLine(options);
        try {
            line.parseArgs(arguments.toArray(String[]::new));
            if (line.isUsageHelpRequested()) {
                line.usage(out);
                return 0;
            }
            return watch(runs.ask(options.applied(request(options)), "run-once"), options, out, err);
        } catch (ParameterException | IllegalArgumentException e) {
            err.println("planish: run-once: " + e.getMessage() + " (run-once --help)");
            return 2;
        } catch (LedgerException e) {
            err.println("planish: run-once: " + e.getMessage());
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    private RunRequest request(RunOnceOptions options) throws LedgerException {
        String id = options.id.orElseGet(() -> Schedules.runId(options.schedule.orElse("once"), clock.instant())
                + (options.schedule.isPresent() ? "" : "-" + options.wish()));
        if (options.schedule.isPresent()) {
            String name = options.schedule.get();
            return schedules
                    .find(name)
                    .orElseThrow(() -> new IllegalArgumentException("there is no schedule '" + name + "'"))
                    .request(id);
        }
        return RunRequest.of(id, RunRequest.Origin.RUN_ONCE, options.pools, options.policy);
    }

    private int watch(RunRecord run, RunOnceOptions options, PrintStream out, PrintStream err)
            throws InterruptedException {
        Optional<Instant> deadline = options.deadline.map(clock.instant()::plus);
        Optional<Instant> end = deadline.map(at -> at.plus(options.stopWithin));
        say(options, out, "run " + run.id());
        Set<String> told = new HashSet<>();
        String trouble = "";
        while (true) {
            boolean late = deadline.filter(clock.instant()::isAfter).isPresent();
            try {
                RunRecord now = ledger.runs().get(run.id()).orElse(run);
                List<JobRecord> jobs = jobs(now);
                for (JobRecord job : jobs) {
                    Ended.of(job)
                            .filter(ended -> told.add(ended.job()))
                            .ifPresent(ended -> say(options, out, text(ended)));
                }
                if (now.state().isOver() || end.filter(clock.instant()::isAfter).isPresent()) {
                    return end(RunOnceSummary.of(now, jobs, leftAlone(now), late), options, out, err);
                }
                if (late) {
                    // asked again until it can be: a run that is being planned cannot yet
                    ledger.runs().update(run.id(), RunRecord::cancelling);
                }
                trouble = "";
            } catch (LedgerException e) {
                if (!trouble.equals(e.getMessage())) {
                    trouble = String.valueOf(e.getMessage());
                    err.println("planish: run-once: " + trouble + " (the run goes on; looked at again)");
                }
                if (late) {
                    return 1;
                }
            }
            Thread.sleep(LOOK);
        }
    }

    private List<JobRecord> jobs(RunRecord run) throws LedgerException {
        List<String> keys =
                run.jobs().stream().map(job -> JobRecord.key(run.id(), job)).toList();
        Map<String, JobRecord> found = ledger.jobs().get(keys);
        return keys.stream().map(found::get).filter(Objects::nonNull).toList();
    }

    private List<Plan.Skip> leftAlone(RunRecord run) throws LedgerException {
        return run.plan().isEmpty()
                ? List.of()
                : ledger.plans()
                        .get(run.plan().get())
                        .map(plan -> plan.plan().skips())
                        .orElse(List.of());
    }

    private static int end(RunOnceSummary summary, RunOnceOptions options, PrintStream out, PrintStream err) {
        if (options.json) {
            try {
                out.println(Json.MAPPER.writeValueAsString(summary));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("a record of plain values is always JSON", e);
            }
        }
        summary.error().ifPresent(error -> err.println("planish: " + summary.run() + ": " + error));
        if (summary.deadlinePassed()) {
            err.println("planish: " + summary.run() + ": the deadline of "
                    + options.deadline.map(Durations::text).orElse("") + " passed, what was not done is cancelled");
        }
        if (!summary.state().isOver()) {
            err.println("planish: " + summary.run() + ": a job that has begun has not ended, and goes on"
                    + " (a commit can only be finished; see that a worker runs)");
            return 1;
        }
        say(
                options,
                out,
                "run " + summary.run() + " is over " + summary.outcomes() + ", "
                        + summary.leftAlone().size() + " left alone");
        return summary.isFine(options.failOnSkip) ? 0 : 1;
    }

    private static String text(Ended ended) {
        return "job " + ended.job() + " " + ended.target() + " " + ended.outcome()
                + (ended.message().isEmpty() ? "" : ": " + ended.message());
    }

    private static void say(RunOnceOptions options, PrintStream out, String what) {
        if (!options.json) {
            out.println(what);
        }
    }
}
