package io.planish.worker.slot;

import io.planish.engine.Attempt;
import io.planish.engine.EngineOptions;
import io.planish.engine.JobRunner;
import io.planish.engine.Sweep;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.plan.Policy;
import io.planish.run.RunRecord;
import io.planish.storage.PathGate;
import io.planish.storage.Pools;
import io.planish.storage.Storage;

/** The merge engine, with the options that the run's policy asks for. Thread-safe. */
public final class EngineJobs implements JobExecutor {
    private final Storage storage;
    private final Pools pools;
    private final PathGate gate;
    private final Sweep sweep;
    private final long batchBytes;

    public EngineJobs(Storage storage, Pools pools, PathGate gate, Sweep sweep, long batchBytes) {
        this.storage = storage;
        this.pools = pools;
        this.gate = gate;
        this.sweep = sweep;
        this.batchBytes = batchBytes;
    }

    @Override
    public JobResult run(RunRecord run, Job job, Attempt attempt) {
        Policy policy = run.policy().orElse(Policy.DEFAULT);
        EngineOptions options = new EngineOptions(
                policy.verify(), policy.grace().isZero(), batchBytes, EngineOptions.DEFAULT.lockWait());
        return new JobRunner(storage, pools, gate, sweep, options).run(job, attempt);
    }
}
