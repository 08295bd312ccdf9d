package io.planish.coordinator.ledger;

import io.planish.job.LeaseRecord;
import io.planish.job.LeaseWatch;
import io.planish.job.Tenure;
import io.planish.ledger.LedgerException;
import io.planish.ledger.Table;
import java.time.Duration;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * At most one coordinator leads: by a lease in the ledger, renewed by heartbeat, taken over when the heartbeat has stood still for the
 * lease time. Two that both believe they lead do no harm, as every step is a compare-and-set. One thread calls
 * {@link #renewOrTake}; {@link #leads} may be called from any.
 */
public final class Leadership {
    private static final Logger LOG = Logger.getLogger(Leadership.class);
    private static final String KEY = "coordinator";

    private final Table<LeaseRecord> leases;
    private final String owner;
    private final Duration lease;
    private final Duration margin;
    private final LeaseWatch watch;
    private volatile Optional<Tenure> tenure = Optional.empty();

    public Leadership(Table<LeaseRecord> leases, String owner, Duration lease, Duration margin) {
        this.leases = leases;
        this.owner = owner;
        this.lease = lease;
        this.margin = margin;
        this.watch = new LeaseWatch(lease.toNanos());
    }

    public boolean leads() {
        return tenure.map(t -> t.mayAct(System.nanoTime())).orElse(false);
    }

    /** Renews the lease, or takes it where nobody has it any more. */
    public void renewOrTake() throws LedgerException {
        long sent = System.nanoTime();
        Optional<LeaseRecord> there = leases.get(KEY);
        if (there.isEmpty()) {
            if (leases.add(KEY, LeaseRecord.first(owner))) {
                lead(sent);
            }
            return;
        }
        LeaseRecord seen = there.get();
        if (seen.owner().equals(owner)) {
            renew(seen, sent);
        } else if (seen.owner().isEmpty() || watch.expired(KEY, seen.epoch(), seen.heartbeat(), sent)) {
            if (changed(seen, seen.takenBy(owner))) {
                lead(sent);
            }
        } else {
            tenure = Optional.empty();
        }
    }

    private void renew(LeaseRecord seen, long sent) throws LedgerException {
        if (changed(seen, seen.renewed())) {
            tenure.ifPresentOrElse(t -> t.renewed(sent), () -> lead(sent));
        } else {
            tenure = Optional.empty();
        }
    }

    private boolean changed(LeaseRecord seen, LeaseRecord next) throws LedgerException {
        return leases.update(KEY, now -> now.equals(seen) ? Optional.of(next) : Optional.empty())
                .isPresent();
    }

    private void lead(long sent) {
        LOG.infof("leads coordinator=%s", owner);
        tenure = Optional.of(new Tenure(lease.toNanos(), margin.toNanos(), sent));
    }

    /** Lets another lead at once. */
    public void resign() throws LedgerException {
        tenure = Optional.empty();
        leases.update(KEY, now -> now.owner().equals(owner) ? Optional.of(now.takenBy("")) : Optional.empty());
    }
}
