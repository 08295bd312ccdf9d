package io.planish.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.chain.PoolName;
import io.planish.job.Json;
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

    /**
     * These with some changed, as a merge patch says (RFC 7396): what it does not name stays, {@code null} takes back.
     *
     * @throws IllegalArgumentException if it is no object, names a key that is not known, or asks for what cannot be
     */
    public RunLimits changed(JsonNode patch) {
        if (!patch.isObject()) {
            throw new IllegalArgumentException("an object of the limits to change is needed, such as {\"canary\": 3}");
        }
        try {
            return Json.STRICT.treeToValue(merged(Json.STRICT.valueToTree(this), patch), RunLimits.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    e.getCause() instanceof IllegalArgumentException cause ? cause.getMessage() : Json.message(e), e);
        }
    }

    private static JsonNode merged(JsonNode present, JsonNode patch) {
        if (!patch.isObject()) {
            return patch;
        }
        ObjectNode merged = present.isObject() ? present.deepCopy() : Json.STRICT.createObjectNode();
        patch.properties().forEach(change -> {
            if (change.getValue().isNull()) {
                merged.remove(change.getKey());
            } else {
                merged.set(change.getKey(), merged(merged.path(change.getKey()), change.getValue()));
            }
        });
        return merged;
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
