package io.planish.worker.slot;

import io.planish.engine.Attempt;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.run.RunRecord;

/** Carries one job out, as its run wants it done; whatever happens becomes an outcome. */
public interface JobExecutor {
    JobResult run(RunRecord run, Job job, Attempt attempt);
}
