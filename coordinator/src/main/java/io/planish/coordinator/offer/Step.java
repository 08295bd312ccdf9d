package io.planish.coordinator.offer;

import io.planish.job.Job;
import io.planish.job.JobRecord;
import io.planish.run.RunRecord;
import java.util.List;

/** One thing to do next. */
sealed interface Step {
    /** The job may run now; {@code ready} has its expectations filled in. */
    record Queue(JobRecord job, Job ready) implements Step {}

    /** The job is not run: one it depends on was not done, or its run is a canary. */
    record Skip(JobRecord job, String why) implements Step {}

    record Cancel(JobRecord job) implements Step {}

    /** Workers are to hear of the job. */
    record Offer(JobRecord job) implements Step {}

    /** The trees of stale jobs are to be planned once more. */
    record Replan(RunRecord run) implements Step {}

    record Finish(RunRecord run, List<JobRecord> jobs) implements Step {}
}
