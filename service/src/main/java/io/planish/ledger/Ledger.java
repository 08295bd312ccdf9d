package io.planish.ledger;

import io.planish.job.Checkpoint;
import io.planish.job.JobRecord;
import io.planish.job.LeaseRecord;
import io.planish.run.AnswerPart;
import io.planish.run.PlanRecord;
import io.planish.run.PlannedTime;
import io.planish.run.Refusal;
import io.planish.run.RunRecord;
import io.planish.run.ScheduleRecord;
import java.time.Duration;
import java.util.List;
import org.infinispan.client.hotrod.RemoteCacheManager;

/**
 * The tables of the ledger. To list the keys of one the grid goes through all of its cache: what is listed often lies where there is little.
 *
 * @param jobs by {@link JobRecord#key()}
 * @param checkpoints by the key of their job
 * @param leases who leads
 * @param schedules as edited while running, by name
 * @param planned how far each schedule is, by name
 * @param refusals answers to requests that led to no run, by what would be the run's id
 * @param answers what workers have found out in pools, on its way to whoever asked
 */
public record Ledger(
        Table<RunRecord> runs,
        Table<JobRecord> jobs,
        Table<PlanRecord> plans,
        Table<Checkpoint> checkpoints,
        Table<LeaseRecord> leases,
        Table<ScheduleRecord> schedules,
        Table<PlannedTime> planned,
        Table<Refusal> refusals,
        Table<AnswerPart> answers) {

    static final List<String> CACHES = List.of("planish-runs", "planish-jobs", "planish-checkpoints", "planish-images");

    /** @param patience how long a call goes on trying while the grid does not answer */
    public static Ledger of(RemoteCacheManager grid, Duration patience) {
        return new Ledger(
                new Table<>(grid, "planish-runs", "", RunRecord.class, patience),
                new Table<>(grid, "planish-jobs", "", JobRecord.class, patience),
                new Table<>(grid, "planish-jobs", "/plan/", PlanRecord.class, patience),
                new Table<>(grid, "planish-checkpoints", "", Checkpoint.class, patience),
                new Table<>(grid, "planish-runs", "/lease/", LeaseRecord.class, patience),
                new Table<>(grid, "planish-checkpoints", "/schedule/", ScheduleRecord.class, patience),
                new Table<>(grid, "planish-checkpoints", "/planned/", PlannedTime.class, patience),
                new Table<>(grid, "planish-runs", "/refusal/", Refusal.class, patience),
                new Table<>(grid, "planish-images", "/answer/", AnswerPart.class, patience));
    }
}
