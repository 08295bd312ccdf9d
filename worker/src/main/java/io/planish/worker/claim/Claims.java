package io.planish.worker.claim;

import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.job.Footprint;
import io.planish.job.Job;
import io.planish.job.JobRecord;
import io.planish.job.Offer;
import io.planish.job.Tenure;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.RunRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** Claims what is offered. Thread-safe. */
public final class Claims {
    private static final Logger LOG = Logger.getLogger(Claims.class);

    private final Ledger ledger;
    private final String owner;
    private final Set<PoolName> mounted;
    private final Set<PoolName> elsewhere;
    private final Duration lease;
    private final Duration margin;

    /**
     * @param mounted the pools that are mounted here
     * @param elsewhere pools that are not, of which workers that mount them are asked
     */
    public Claims(
            Ledger ledger,
            String owner,
            Set<PoolName> mounted,
            Set<PoolName> elsewhere,
            Duration lease,
            Duration margin) {
        this.ledger = ledger;
        this.owner = owner;
        this.mounted = Set.copyOf(mounted);
        this.elsewhere = Set.copyOf(elsewhere);
        this.lease = lease;
        this.margin = margin;
    }

    /** Claims the offered job, unless it is gone, taken, on hold or out of this worker's reach: then the offer means nothing. */
    public Optional<Claim> claim(Offer offer) throws LedgerException {
        Optional<RunRecord> run = ledger.runs().get(offer.run());
        if (run.isEmpty() || !mayRun(run.get())) {
            return Optional.empty();
        }
        long sent = System.nanoTime();
        return ledger.jobs()
                .update(
                        JobRecord.key(offer.run(), offer.job()),
                        r -> wanted(run.get(), r, offer) ? r.claim(owner) : Optional.empty())
                .map(r -> new Claim(run.get(), r, owner, new Tenure(lease.toNanos(), margin.toNanos(), sent)));
    }

    private static boolean mayRun(RunRecord run) {
        return switch (run.state()) {
            case READY, CANCELLING -> run.limits().isOpen(Instant.now());
            case PLANNING, PAUSED, FINISHED, FAILED -> false;
        };
    }

    private boolean wanted(RunRecord run, JobRecord record, Offer offer) {
        if (record.epoch() != offer.attempt()) {
            return false;
        }
        Set<PoolName> missing = missing(run, record.job());
        if (!missing.isEmpty()) {
            LOG.warnf(
                    "left to other workers, pools not usable here: missing=%s run=%s job=%s",
                    missing, offer.run(), offer.job());
        }
        return missing.isEmpty();
    }

    /** Those of its images that are not mounted here, and where an image's view ends those that may hold an overlay of it and cannot be asked for. */
    private Set<PoolName> missing(RunRecord run, Job job) {
        Set<PoolName> missing =
                Footprint.of(job).all().stream().map(ImageRef::pool).collect(Collectors.toCollection(TreeSet::new));
        missing.add(job.target().pool());
        missing.removeAll(mounted);
        if (job.endsViews()) {
            run.scanned().stream()
                    .filter(pool -> !mounted.contains(pool) && !elsewhere.contains(pool))
                    .forEach(missing::add);
        }
        return missing;
    }
}
