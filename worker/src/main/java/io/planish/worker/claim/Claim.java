package io.planish.worker.claim;

import io.planish.job.JobRecord;
import io.planish.job.Tenure;
import io.planish.run.RunRecord;

/**
 * A job this worker has claimed.
 *
 * @param record as the claim left it
 * @param tenure how long the claim may be acted on
 */
public record Claim(RunRecord run, JobRecord record, String owner, Tenure tenure) {
    public String key() {
        return record.key();
    }

    public long epoch() {
        return record.epoch();
    }
}
