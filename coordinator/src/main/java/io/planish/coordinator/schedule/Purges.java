package io.planish.coordinator.schedule;

import io.planish.chain.PoolName;
import io.planish.coordinator.ledger.AllRuns;
import io.planish.job.Job;
import io.planish.job.JobRecord;
import io.planish.job.PoolJobs;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Has the pools' trash purged again and again, by workers that mount them, of what has been there for its grace period. A run's id is the time it is
 * for, so that two who ask for it ask for the same one; while one goes on there is no other.
 */
public final class Purges {
    private static final Logger LOG = Logger.getLogger(Purges.class);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final Ledger ledger;
    private final AllRuns runs;
    private final List<PoolName> pools;
    private final Optional<Duration> every;
    private final Clock clock;
    private Optional<String> last = Optional.empty();

    /** @param every empty: never */
    public Purges(Ledger ledger, AllRuns runs, Collection<PoolName> pools, Optional<Duration> every, Clock clock) {
        if (every.isPresent() && every.get().toMillis() < 1000) {
            throw new IllegalArgumentException(
                    "planish.coordinator.purge-every is " + every.get() + ", but must be at least 1 s");
        }
        this.ledger = ledger;
        this.runs = runs;
        this.pools = List.copyOf(pools);
        this.every = every;
        this.clock = clock;
    }

    /** Does what is due by now. */
    public void moveOn() throws LedgerException {
        if (every.isEmpty() || pools.isEmpty()) {
            return;
        }
        long now = clock.millis();
        String id = "purge-"
                + TIME.format(Instant.ofEpochMilli(
                        now - Math.floorMod(now, every.get().toMillis())));
        if (last.equals(Optional.of(id))) {
            return;
        }
        if (ledger.runs().get(id).isEmpty() && !isUnderWay()) {
            ask(id, now);
        }
        last = Optional.of(id);
    }

    private boolean isUnderWay() throws LedgerException {
        return runs.read().stream()
                .anyMatch(run -> run.request().origin() == RunRequest.Origin.PURGE
                        && !run.state().isOver());
    }

    private void ask(String id, long now) throws LedgerException {
        List<Job> jobs = pools.stream().map(PoolJobs::purge).toList();
        for (Job job : jobs) {
            JobRecord record = JobRecord.blocked(id, job);
            ledger.jobs().add(record.key(), record);
        }
        RunRequest request = RunRequest.of(id, RunRequest.Origin.PURGE, pools, "default");
        ledger.runs()
                .add(
                        id,
                        RunRecord.ofJobs(
                                request, "purge", jobs.stream().map(Job::id).toList(), now));
        LOG.infof("expired trash is to be purged run=%s", id);
    }
}
