package io.planish.run;

import io.planish.chain.PoolName;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * How hard, and when, a run may work: less than the pools are configured for, never more. May change while the run runs; workers learn of it with
 * the next renewal of a job's lease.
 *
 * @param pools limits by pool; a pool that is not named is used as configured
 * @param window when jobs may run; outside of it none is offered, and those that run stop at their next checkpoint
 * @param canary how many jobs the run may begin at all, at least 1; with it a pool stops at the first job of it that failed or whose outcome is unknown
 */
public record RunLimits(Map<PoolName, PoolLimit> pools, Optional<Window> window, Optional<Integer> canary) {
    public static final RunLimits NONE = new RunLimits(Map.of(), Optional.empty(), Optional.empty());

    /** @throws IllegalArgumentException if the canary is of less than one job */
    public RunLimits {
        if (canary.orElse(1) < 1) {
            throw new IllegalArgumentException("canary is " + canary.get() + ", but must be at least 1");
        }
        pools = pools == null ? Map.of() : Map.copyOf(pools);
    }

    /** A run that is no canary. */
    public RunLimits(Map<PoolName, PoolLimit> pools, Optional<Window> window) {
        this(pools, window, Optional.empty());
    }

    /** How many of the run's jobs in the pool may be offered or running, of so many that the pool is configured for. */
    public int slots(PoolName pool, int configured) {
        return Optional.ofNullable(pools.get(pool))
                .flatMap(PoolLimit::slots)
                .map(slots -> Math.min(slots, configured))
                .orElse(configured);
    }

    /** What one of the run's jobs in the pool may write per second: its share of the limit, where there is one. */
    public long bytesPerSecondAndSlot(PoolName pool, int configuredSlots) {
        return Optional.ofNullable(pools.get(pool))
                .flatMap(PoolLimit::bytesPerSecond)
                .map(bytes -> Math.max(1, bytes / Math.max(1, slots(pool, configuredSlots))))
                .orElse(Long.MAX_VALUE);
    }

    public boolean isOpen(Instant now) {
        return window.map(w -> w.isOpen(now)).orElse(true);
    }

    /**
     * The limits of one pool.
     *
     * @param slots how many jobs at once, at least 1
     * @param bytesPerSecond what they may write together, at least 1
     */
    public record PoolLimit(Optional<Integer> slots, Optional<Long> bytesPerSecond) {
        /** @throws IllegalArgumentException naming what is less than 1 */
        public PoolLimit {
            if (slots.orElse(1) < 1) {
                throw new IllegalArgumentException(
                        "slots is " + slots.get() + ", but must be at least 1 (to stop, pause)");
            }
            if (bytesPerSecond.orElse(1L) < 1) {
                throw new IllegalArgumentException(
                        "bytesPerSecond is " + bytesPerSecond.get() + ", but must be at least 1 (to stop, pause)");
            }
        }
    }
}
