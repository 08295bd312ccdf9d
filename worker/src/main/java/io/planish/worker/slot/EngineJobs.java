package io.planish.worker.slot;

import io.planish.ErrorKind;
import io.planish.chain.Problem;
import io.planish.engine.Attempt;
import io.planish.engine.EngineOptions;
import io.planish.engine.JobRunner;
import io.planish.engine.Sweep;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.plan.Policy;
import io.planish.platform.Hooks;
import io.planish.run.RunRecord;
import io.planish.scan.Recheck;
import io.planish.storage.PathGate;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The merge engine, with the options that the run's policy asks for. A job that is tried for the first time is held against the safety
 * rule once more; a later attempt may find it half done, which only the engine can judge. Thread-safe.
 */
public final class EngineJobs implements JobExecutor {
    private static final long FIRST_EPOCH = 1;

    private final Storage storage;
    private final Pools pools;
    private final PathGate gate;
    private final Sweep sweep;
    private final Recheck recheck;
    private final Hooks hooks;
    private final long batchBytes;

    public EngineJobs(
            Storage storage, Pools pools, PathGate gate, Sweep sweep, Recheck recheck, Hooks hooks, long batchBytes) {
        this.storage = storage;
        this.pools = pools;
        this.gate = gate;
        this.sweep = sweep;
        this.recheck = recheck;
        this.hooks = hooks;
        this.batchBytes = batchBytes;
    }

    @Override
    public JobResult run(RunRecord run, Job job, Attempt attempt) {
        Policy policy = run.policy().orElse(Policy.DEFAULT);
        if (attempt.epoch() == FIRST_EPOCH) {
            try {
                Optional<Problem> problem = recheck.problemWith(job, policy);
                if (problem.isPresent()) {
                    return untouched(new Outcome.Stale(problem.get().sentence()));
                }
            } catch (IOException e) {
                return untouched(new Outcome.Failed(ErrorKind.IO, String.valueOf(e.getMessage())));
            }
        }
        EngineOptions options = EngineOptions.DEFAULT
                .verifying(policy.verify())
                .keepingLeftovers(policy.grace())
                .inBatchesOf(batchBytes);
        return hooks.around(
                run.id(), job, gate, () -> new JobRunner(storage, pools, gate, sweep, options).run(job, attempt));
    }

    private static JobResult untouched(Outcome outcome) {
        return new JobResult(outcome, Map.of(), List.of(), 0, 0, List.of());
    }
}
