package io.planish.coordinator.offer;

import io.planish.job.JobRecord;
import io.planish.run.RunRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A run and those of its jobs that the ledger holds.
 *
 * @param jobs by id
 */
record RunView(RunRecord run, Map<String, JobRecord> jobs) {
    RunView {
        jobs = Map.copyOf(jobs);
    }

    /** In the plan's order, each after those it depends on. */
    List<JobRecord> inOrder() {
        List<JobRecord> ordered = new ArrayList<>();
        for (String id : run.jobs()) {
            JobRecord job = jobs.get(id);
            if (job != null) {
                ordered.add(job);
            }
        }
        return ordered;
    }
}
