package io.planish.coordinator.request;

import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.job.Footprint;
import io.planish.job.Job;
import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.job.Outcome;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.plan.Plan;
import io.planish.run.PlanRecord;
import io.planish.run.RunRecord;
import io.planish.run.RunState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Writes a plan's jobs into the ledger, then lets the run begin. */
final class PlanWriter {
    private final Ledger ledger;
    private final List<PoolName> pools;

    /** @param pools those that every plan looks at */
    PlanWriter(Ledger ledger, Collection<PoolName> pools) {
        this.ledger = ledger;
        this.pools = List.copyOf(pools);
    }

    /**
     * Says whether this plan is the run's now. Jobs that an earlier, interrupted writing left behind are not the run's: its record
     * names its jobs, and new ones never take the ids of those.
     */
    boolean write(RunRecord run, Plan plan, long nowMillis) throws LedgerException {
        String planId = run.id() + "-plan" + (run.generation() + 1);
        ledger.plans().put(planId, new PlanRecord(PlanRecord.VERSION, planId, run.request(), plan, nowMillis));
        List<String> ids = written(run, plan.jobs());
        boolean begins = ledger.runs()
                .update(
                        run.id(),
                        r -> r.generation() == run.generation()
                                ? r.ready(planId, plan.policy(), pools, ids)
                                : Optional.empty())
                .isPresent();
        if (!begins) {
            tidy(run, planId, ids);
        }
        return begins;
    }

    /** Of a run that was cancelled meanwhile nothing comes of this any more; of one that was paused another writer's jobs may look the same. */
    private void tidy(RunRecord run, String planId, List<String> ids) throws LedgerException {
        Optional<RunRecord> now = ledger.runs().get(run.id());
        if (now.isPresent()
                && (now.get().state() == RunState.CANCELLING || now.get().state() == RunState.FINISHED)
                && now.get().generation() == run.generation()) {
            for (String id : ids) {
                ledger.jobs().remove(JobRecord.key(run.id(), id));
            }
            ledger.plans().remove(planId);
        }
    }

    private List<String> written(RunRecord run, List<Job> jobs) throws LedgerException {
        for (int copy = run.generation() + 1; ; copy++) {
            String suffix = copy == 1 ? "" : "-" + copy;
            List<String> ids = new ArrayList<>();
            for (Job job : jobs) {
                Job renamed = renamed(job, suffix);
                JobRecord record = JobRecord.blocked(run.id(), renamed);
                if (!ledger.jobs().add(record.key(), record)) {
                    break;
                }
                ids.add(renamed.id());
            }
            if (ids.size() == jobs.size()) {
                return ids;
            }
        }
    }

    private static Job renamed(Job job, String suffix) {
        return new Job(
                job.id() + suffix,
                job.kind(),
                job.target(),
                job.base(),
                job.top(),
                job.relinks(),
                job.replaces(),
                job.retires(),
                job.dependsOn().stream().map(id -> id + suffix).toList(),
                job.expects(),
                job.bytesToWrite(),
                job.bytesToClone(),
                job.bytesToFree());
    }

    /** Images that a run's stale jobs were to write. */
    static Set<ImageRef> staleImages(List<JobRecord> jobs) {
        Set<ImageRef> images = new HashSet<>();
        for (JobRecord job : jobs) {
            if (job.state() instanceof JobState.Finished f && f.result().outcome() instanceof Outcome.Stale) {
                images.addAll(Footprint.of(job.job()).writes());
            }
        }
        return images;
    }
}
