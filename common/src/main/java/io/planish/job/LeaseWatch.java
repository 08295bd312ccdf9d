package io.planish.job;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Watches other owners' leases: one has expired when its epoch and heartbeat have not moved for the lease time, on the watcher's
 * own monotonic clock. No wall clock is compared with another. Not thread-safe.
 */
public final class LeaseWatch {
    private final long leaseNanos;
    private final Map<String, Sight> seen = new HashMap<>();

    public LeaseWatch(long leaseNanos) {
        this.leaseNanos = leaseNanos;
    }

    /** Looks at a lease now, and says whether it has stood still for the lease time. */
    public boolean expired(String key, long epoch, long heartbeat, long nowNanos) {
        Sight before = seen.get(key);
        if (before == null || before.epoch != epoch || before.heartbeat != heartbeat) {
            seen.put(key, new Sight(epoch, heartbeat, nowNanos));
            return false;
        }
        return nowNanos - before.sinceNanos >= leaseNanos;
    }

    /** Forgets all leases but these. */
    public void retain(Set<String> keys) {
        seen.keySet().retainAll(keys);
    }

    private record Sight(long epoch, long heartbeat, long sinceNanos) {}
}
