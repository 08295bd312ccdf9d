package io.planish.coordinator.request;

import io.planish.chain.PoolName;
import io.planish.coordinator.schedule.Schedules;
import io.planish.coordinator.schedule.SchedulesConfig;
import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.job.Outcomes;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.planish.run.RunState;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One run, from the wish to its end, for a cluster's own scheduler. It is carried on by whoever leads; this process only if nobody does. */
@Singleton
public final class RunOnce {
    private static final Set<String> OPTIONS = Set.of("--schedule", "--id", "--pools", "--policy");
    private static final Duration LOOK = Duration.ofMillis(500);

    private final Runs runs;
    private final Ledger ledger;
    private final SchedulesConfig schedules;
    private final Clock clock;

    RunOnce(Runs runs, Ledger ledger, SchedulesConfig schedules, Clock clock) {
        this.runs = runs;
        this.ledger = ledger;
        this.schedules = schedules;
        this.clock = clock;
    }

    /** @return 0: all its jobs were done or left alone for a reason; 1: not; 2: the arguments make no sense */
    public int run(List<String> arguments) {
        try {
            return watch(runs.ask(request(arguments)));
        } catch (IllegalArgumentException e) {
            System.err.println("planish: run-once: " + e.getMessage());
            return 2;
        } catch (LedgerException e) {
            System.err.println("planish: run-once: " + e.getMessage());
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    private RunRequest request(List<String> arguments) {
        Map<String, String> options = options(arguments);
        Optional<String> schedule = Optional.ofNullable(options.get("--schedule"));
        String id = Optional.ofNullable(options.get("--id"))
                .orElseGet(() -> Schedules.runId(schedule.orElse("once"), clock.instant()));
        if (schedule.isPresent()) {
            return Optional.ofNullable(schedules.schedules().get(schedule.get()))
                    .orElseThrow(
                            () -> new IllegalArgumentException("schedule '" + schedule.get() + "' is not configured"))
                    .request(id, RunRequest.Origin.SCHEDULE);
        }
        return new RunRequest(
                RunRequest.VERSION,
                id,
                RunRequest.Origin.RUN_ONCE,
                Arrays.stream(options.getOrDefault("--pools", "").split(","))
                        .filter(p -> !p.isBlank())
                        .map(p -> new PoolName(p.strip()))
                        .toList(),
                Optional.empty(),
                options.getOrDefault("--policy", "default"),
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }

    private static Map<String, String> options(List<String> arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i < arguments.size(); i += 2) {
            String name = arguments.get(i);
            if (!OPTIONS.contains(name) || i + 1 == arguments.size()) {
                throw new IllegalArgumentException(
                        "'" + name + "' is no option with a value (there are " + OPTIONS + ")");
            }
            options.put(name, arguments.get(i + 1));
        }
        return options;
    }

    private int watch(RunRecord run) throws InterruptedException, LedgerException {
        System.out.println("run " + run.id());
        Set<String> told = new HashSet<>();
        while (true) {
            RunRecord now = ledger.runs().get(run.id()).orElse(run);
            for (JobRecord job : ledger.jobs()
                    .get(now.jobs().stream()
                            .map(j -> JobRecord.key(now.id(), j))
                            .toList())
                    .values()) {
                tell(job, told);
            }
            if (now.state().isOver()) {
                return end(now);
            }
            Thread.sleep(LOOK);
        }
    }

    private static void tell(JobRecord job, Set<String> told) {
        if (job.state() instanceof JobState.Finished f && told.add(job.key())) {
            String message = Outcomes.message(f.result().outcome());
            System.out.println("job " + job.job().id() + " " + job.job().target() + " "
                    + Outcomes.name(f.result().outcome()) + (message.isEmpty() ? "" : ": " + message));
        }
    }

    private static int end(RunRecord run) {
        if (run.state() == RunState.FAILED) {
            System.err.println("planish: " + run.id() + ": " + run.error().orElse("failed"));
            return 1;
        }
        System.out.println("run " + run.id() + " is over " + run.outcomes());
        return Set.of("DONE", "SKIPPED", RunRecord.REPLANNED)
                        .containsAll(run.outcomes().keySet())
                ? 0
                : 1;
    }
}
