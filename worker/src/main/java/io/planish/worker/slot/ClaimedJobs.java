package io.planish.worker.slot;

import io.planish.chain.PoolName;
import io.planish.job.JobRecord;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.job.Progress;
import io.planish.job.ProgressReport;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.RunLimits;
import io.planish.topic.Publisher;
import io.planish.topic.Topics;
import io.planish.worker.checkpoint.GridCheckpoints;
import io.planish.worker.claim.Claim;
import io.planish.worker.lease.Lease;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/** Carries claimed jobs out: lease, engine, outcome. Thread-safe. */
public final class ClaimedJobs {
    private static final Logger LOG = Logger.getLogger(ClaimedJobs.class);

    private final Ledger ledger;
    private final Publisher publisher;
    private final JobExecutor executor;
    private final WorkerMetrics metrics;
    private final Duration lease;
    private final Duration progressEvery;
    private final Rate bytesPerSecond;

    /** @param bytesPerSecond what one job may write */
    public ClaimedJobs(
            Ledger ledger,
            Publisher publisher,
            JobExecutor executor,
            WorkerMetrics metrics,
            Duration lease,
            Duration progressEvery,
            Rate bytesPerSecond) {
        this.ledger = ledger;
        this.publisher = publisher;
        this.executor = executor;
        this.metrics = metrics;
        this.lease = lease;
        this.progressEvery = progressEvery;
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Returns when the job's outcome stands in the ledger, or is no longer this worker's to write. */
    void carryOut(Claim claim, BooleanSupplier stopping) {
        AtomicReference<Progress> progress = new AtomicReference<>(Progress.NONE);
        AtomicLong toldNanos = new AtomicLong(System.nanoTime());
        LOG.infof("claimed %s", where(claim));
        long begunNanos = System.nanoTime();
        metrics.begun(claim.key());
        try (JobSpan span = JobSpan.of(claim);
                Lease renewal = new Lease(ledger, claim, lease, progress::get)) {
            ClaimedAttempt attempt = new ClaimedAttempt(
                    claim,
                    new GridCheckpoints(ledger.checkpoints(), claim.run().id()),
                    () -> bytesPerSecond.of(claim.record().job().target().pool(), renewal.limits()),
                    () -> stopping.getAsBoolean() || renewal.isStopWanted(),
                    now -> {
                        metrics.settled(claim.key());
                        progress.set(now);
                        tell(claim, now, toldNanos);
                    },
                    metrics::copied,
                    metrics::waitedForCheckpoint,
                    span::relinks);
            JobResult result = ran(claim, attempt);
            span.ended(result);
            metrics.ended(claim.key(), claim.record().job(), result, Duration.ofNanos(System.nanoTime() - begunNanos));
            if (claim.tenure().isLost()) {
                metrics.leaseLost();
            }
            record(claim, result, stopping);
        }
    }

    private JobResult ran(Claim claim, ClaimedAttempt attempt) {
        try {
            return executor.run(claim.run(), claim.record().job(), attempt);
        } catch (RuntimeException | Error e) {
            LOG.errorf(e, "the engine broke off %s", where(claim));
            return new JobResult(
                    new Outcome.Unknown("the engine broke off: " + e), Map.of(), List.of(), 0, 0, List.of());
        }
    }

    private void record(Claim claim, JobResult result, BooleanSupplier stopping) {
        while (true) {
            try {
                Optional<JobRecord> now =
                        ledger.jobs().update(claim.key(), r -> r.ended(claim.owner(), claim.epoch(), result));
                String outcome = Outcomes.name(result.outcome());
                LOG.infof(
                        "%s %s%s copied=%d skipped=%d %s",
                        now.isPresent() ? "ended" : "ended too late, another attempt has the job",
                        outcome,
                        Outcomes.message(result.outcome()).isEmpty() ? "" : ": " + Outcomes.message(result.outcome()),
                        result.bytesCopied(),
                        result.bytesSkipped(),
                        where(claim));
                return;
            } catch (LedgerException e) {
                LOG.warnf("outcome not written yet: %s %s", e.getMessage(), where(claim));
                if (stopping.getAsBoolean() || claim.tenure().isLost()) {
                    return;
                }
            }
        }
    }

    private void tell(Claim claim, Progress progress, AtomicLong toldNanos) {
        long now = System.nanoTime();
        if (now - toldNanos.get() >= progressEvery.toNanos()) {
            toldNanos.set(now);
            publisher.tell(
                    Topics.PROGRESS,
                    claim.key(),
                    new ProgressReport(
                            ProgressReport.VERSION,
                            claim.run().id(),
                            claim.record().job().id(),
                            claim.epoch(),
                            claim.owner(),
                            progress,
                            System.currentTimeMillis()));
        }
    }

    private static String where(Claim claim) {
        return "run=" + claim.run().id() + " job=" + claim.record().job().id() + " attempt=" + claim.epoch() + " pool="
                + claim.record().job().target().pool() + " image="
                + claim.record().job().target().path();
    }

    /** What one job of a pool may write per second, in a run with these limits. */
    public interface Rate {
        long of(PoolName pool, RunLimits limits);
    }
}
