package io.planish.coordinator.offer;

import io.planish.job.JobRecord;
import io.planish.job.Outcome;
import io.planish.job.SkipReason;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.RunRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Other tries at jobs that ended undone. The wish stands in the run before any job changes: if whoever has it dies in between, the conductor
 * carries it out, and the run does not end before.
 */
public final class Retries {
    private Retries() {}

    /**
     * The jobs that are chosen, and those that were skipped only because one of them, directly or not, was not done.
     *
     * @param jobs all of the run, by id
     */
    public static List<String> withDependents(RunRecord run, Map<String, JobRecord> jobs, Predicate<JobRecord> chosen) {
        List<String> again = new ArrayList<>();
        Set<String> undone = new HashSet<>();
        for (String id : run.jobs()) {
            JobRecord job = jobs.get(id);
            if (job == null) {
                continue;
            }
            boolean follows = job.outcome()
                            .filter(o -> o instanceof Outcome.Skipped s && s.reason() == SkipReason.DEPENDENCY)
                            .isPresent()
                    && job.job().dependsOn().stream().anyMatch(undone::contains);
            if ((chosen.test(job) || follows) && job.retry().isPresent()) {
                again.add(id);
                undone.add(id);
            }
        }
        return again;
    }

    /** Those of the run's jobs that the ledger holds, by id. */
    public static Map<String, JobRecord> jobs(Ledger ledger, RunRecord run) throws LedgerException {
        Map<String, JobRecord> byId = new HashMap<>();
        ledger.jobs()
                .get(run.jobs().stream().map(id -> JobRecord.key(run.id(), id)).toList())
                .values()
                .forEach(j -> byId.put(j.job().id(), j));
        return byId;
    }

    /** Does what the run says is wanted; doing it twice is doing it once. */
    public static void carryOut(Ledger ledger, RunRecord run) throws LedgerException {
        Collection<String> again = run.retrying();
        if (again.isEmpty()) {
            return;
        }
        for (String job : again) {
            ledger.jobs().update(JobRecord.key(run.id(), job), JobRecord::retry);
        }
        ledger.runs().update(run.id(), r -> r.retried(again));
    }
}
