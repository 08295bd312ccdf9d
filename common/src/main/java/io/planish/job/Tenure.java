package io.planish.job;

/**
 * How long an owner may act on its lease, by its own monotonic clock: until the last renewal that was accepted was <em>sent</em>, plus
 * the lease, minus a margin. Thread-safe.
 *
 * <p>Whoever takes over waits the whole lease from when it saw the renewal, which was later; so the owner has stopped
 * before, however the two clocks differ.
 */
public final class Tenure {
    private final long leaseNanos;
    private final long marginNanos;
    private volatile long renewedNanos;
    private volatile boolean lost;

    /** @param sentNanos when the claim was sent */
    public Tenure(long leaseNanos, long marginNanos, long sentNanos) {
        if (marginNanos < 0 || marginNanos >= leaseNanos) {
            throw new IllegalArgumentException("margin " + marginNanos + " is not within the lease " + leaseNanos);
        }
        this.leaseNanos = leaseNanos;
        this.marginNanos = marginNanos;
        this.renewedNanos = sentNanos;
    }

    /** A renewal sent at {@code sentNanos} was accepted. */
    public void renewed(long sentNanos) {
        renewedNanos = sentNanos;
    }

    /** The ledger says that somebody else owns it now. */
    public void lose() {
        lost = true;
    }

    public boolean isLost() {
        return lost;
    }

    public boolean mayAct(long nowNanos) {
        return !lost && nowNanos - renewedNanos < leaseNanos - marginNanos;
    }
}
