package io.planish.worker.lease;

import io.planish.job.JobRecord;
import io.planish.job.Progress;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.RunLimits;
import io.planish.run.RunRecord;
import io.planish.run.RunState;
import io.planish.worker.claim.Claim;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Renews one claim's lease on a thread of its own until closed, however long the job's own thread is inside one system call.
 * With each renewal it learns whether the job or its run is to stop, for good, for a pause or at the end of a window, and what it may write.
 */
public final class Lease implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Lease.class);

    /** Renewals a lease: so many may fail before it is over. */
    private static final int BEATS_PER_LEASE = 6;

    private final Ledger ledger;
    private final Claim claim;
    private final Supplier<Progress> progress;
    private final Duration every;
    private final Thread thread;
    private volatile boolean stopWanted;
    private volatile RunLimits limits;

    public Lease(Ledger ledger, Claim claim, Duration lease, Supplier<Progress> progress) {
        this.ledger = ledger;
        this.claim = claim;
        this.progress = progress;
        this.limits = claim.run().limits();
        this.every = lease.dividedBy(BEATS_PER_LEASE);
        this.thread = Thread.ofVirtual().name("lease-" + claim.key()).start(this::renew);
    }

    /** Whether a person wants the job or its run to stop. */
    public boolean isStopWanted() {
        return stopWanted;
    }

    /** The run's limits as of the last renewal. */
    public RunLimits limits() {
        return limits;
    }

    private void renew() {
        try {
            while (!claim.tenure().isLost()) {
                Thread.sleep(every);
                beat();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void beat() {
        try {
            long sent = System.nanoTime();
            Optional<JobRecord> renewed =
                    ledger.jobs().update(claim.key(), r -> r.beat(claim.owner(), claim.epoch(), progress.get()));
            if (renewed.isEmpty()) {
                claim.tenure().lose();
                LOG.warnf(
                        "lease lost run=%s job=%s attempt=%d",
                        claim.run().id(), claim.record().job().id(), claim.epoch());
                return;
            }
            claim.tenure().renewed(sent);
            Optional<RunRecord> run = ledger.runs().get(claim.run().id());
            boolean held = run.map(
                            r -> r.state() == RunState.PAUSED || !r.limits().isOpen(Instant.now()))
                    .orElse(true);
            run.ifPresent(r -> limits = r.limits());
            stopWanted = renewed.get().cancel() || held;
        } catch (LedgerException e) {
            if (Thread.currentThread().isInterrupted()) {
                return; // closed meanwhile
            }
            LOG.warnf(
                    "lease not renewed: %s run=%s job=%s attempt=%d",
                    e.getMessage(), claim.run().id(), claim.record().job().id(), claim.epoch());
        }
    }

    /** Renews no more; the record is the caller's to end. */
    @Override
    public void close() {
        thread.interrupt();
    }
}
