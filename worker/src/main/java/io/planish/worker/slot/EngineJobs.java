package io.planish.worker.slot;

import io.planish.ErrorKind;
import io.planish.chain.PoolName;
import io.planish.chain.Problem;
import io.planish.engine.Attempt;
import io.planish.engine.EngineOptions;
import io.planish.engine.JobRunner;
import io.planish.engine.StopRequested;
import io.planish.engine.Sweep;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.plan.Policy;
import io.planish.platform.Hooks;
import io.planish.remote.RemotePools;
import io.planish.remote.RemoteSweep;
import io.planish.remote.Surveys;
import io.planish.run.RunRecord;
import io.planish.scan.Recheck;
import io.planish.scan.Scanner;
import io.planish.storage.PathGate;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The merge engine, with the options that the run's policy asks for. A job that has not begun is held against the safety rule once more; what is half done
 * or finished only the engine can judge. Where an image comes to an end, pools that were scanned for the run and are not mounted here are looked at by
 * workers that mount them. Thread-safe.
 */
public final class EngineJobs implements JobExecutor {
    private static final long FIRST_EPOCH = 1;

    private final Storage storage;
    private final Pools pools;
    private final PathGate gate;
    private final Scanner scanner;
    private final Sweep sweep;
    private final RemotePools remote;
    private final Recheck recheck;
    private final Hooks hooks;
    private final long intervalBytes;

    /** @param intervalBytes what may be written at most since a job's last checkpoint */
    public EngineJobs(
            Storage storage,
            Pools pools,
            PathGate gate,
            Scanner scanner,
            Sweep sweep,
            RemotePools remote,
            Recheck recheck,
            Hooks hooks,
            long intervalBytes) {
        this.storage = storage;
        this.pools = pools;
        this.gate = gate;
        this.scanner = scanner;
        this.sweep = sweep;
        this.remote = remote;
        this.recheck = recheck;
        this.hooks = hooks;
        this.intervalBytes = intervalBytes;
    }

    @Override
    public JobResult run(RunRecord run, Job job, Attempt attempt) {
        Policy policy = run.policy().orElse(Policy.DEFAULT);
        EngineOptions options = EngineOptions.DEFAULT
                .verifying(policy.verify())
                .keepingLeftovers(policy.grace())
                .inBatchesOf(Math.max(1, intervalBytes / EngineOptions.BATCHES_A_KILL_COSTS));
        Set<PoolName> unseen = unseen(run, job);
        Surveys.Waiting waiting = () -> {
            attempt.mayContinue();
            if (attempt.stopRequested()) {
                throw new StopRequested("stopped on request");
            }
        };
        Sweep all = unseen.isEmpty() ? sweep : new RemoteSweep(sweep, scanner, remote, unseen, waiting);
        JobRunner runner = new JobRunner(storage, pools, gate, all, options);
        try {
            if (!mayHaveBegun(runner, run, job, attempt)) {
                Recheck.Elsewhere elsewhere =
                        unseen.isEmpty() ? Recheck.Elsewhere.NOTHING : own -> remote.joined(own, unseen, waiting);
                Optional<Problem> problem = recheck.problemWith(job, policy, elsewhere);
                if (problem.isPresent()) {
                    return untouched(new Outcome.Stale(problem.get().sentence()));
                }
            }
        } catch (StopRequested e) {
            return untouched(new Outcome.Cancelled());
        } catch (IOException e) {
            return untouched(new Outcome.Failed(ErrorKind.IO, String.valueOf(e.getMessage())));
        }
        return hooks.around(run.id(), job, gate, () -> runner.run(job, attempt));
    }

    /** Also at the first attempt, where the ledger is older than the pool. What cannot be told here is the engine's to find out. */
    private static boolean mayHaveBegun(JobRunner runner, RunRecord run, Job job, Attempt attempt) {
        try {
            return runner.isBegun(run.id(), job) || attempt.epoch() > FIRST_EPOCH && runner.isFinished(job);
        } catch (IOException e) {
            return true;
        }
    }

    /** The pools that may hold an overlay of an image that ends, and that are not mounted here. */
    private Set<PoolName> unseen(RunRecord run, Job job) {
        return job.endsViews()
                ? run.scanned().stream()
                        .filter(pool -> pools.find(pool).isEmpty())
                        .collect(Collectors.toUnmodifiableSet())
                : Set.of();
    }

    private static JobResult untouched(Outcome outcome) {
        return new JobResult(outcome, Map.of(), List.of(), 0, 0, List.of());
    }
}
