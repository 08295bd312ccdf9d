package io.planish.plan;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.planish.chain.PoolName;
import io.planish.job.Verify;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What somebody asks of a policy that is not theirs: less may be done than it allows, never more. Each value is as in {@link Policy};
 * an absent one leaves the policy's; what is said of a pool goes before what is said of all.
 */
public record Tightening(
        Optional<Integer> maxDepth,
        Optional<Integer> minDepth,
        Optional<Direction> direction,
        Optional<Boolean> unshare,
        Optional<Integer> keepNewest,
        Optional<Duration> keepNewerThan,
        Optional<Duration> keepOlderThan,
        Optional<Boolean> dropRestorePoints,
        Optional<Verify> verify,
        Optional<Duration> grace,
        Optional<Long> headroomBytes,
        Optional<Long> budgetBytes,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<PoolName, Long> headroomByPool,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<PoolName, Long> budgetByPool) {

    public Tightening {
        headroomByPool = Map.copyOf(Objects.requireNonNullElse(headroomByPool, Map.of()));
        budgetByPool = Map.copyOf(Objects.requireNonNullElse(budgetByPool, Map.of()));
    }

    /**
     * The policy with these values.
     *
     * @param keep globs that are kept beside the policy's
     * @param protect globs that are protected beside the policy's
     * @throws IllegalArgumentException naming the first value that would allow more than the policy does
     */
    public static Policy of(Policy policy, List<String> keep, List<String> protect, Optional<Tightening> more) {
        Policy joined = policy.change()
                .keep(joined(policy.keep(), keep))
                .protect(joined(policy.protect(), protect))
                .build();
        return more.map(tightening -> tightening.of(joined)).orElse(joined);
    }

    /**
     * Bounds on what is written and on what is left free, as people say them: {@code 20G} for each pool, {@code gold=5G} for one; of
     * several the last.
     *
     * @throws IllegalArgumentException naming what is not said so
     */
    public static Tightening ofSpace(List<String> budget, List<String> headroom) {
        return new Tightening(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                ofAll(headroom),
                ofAll(budget),
                byPool(headroom),
                byPool(budget));
    }

    private static Optional<Long> ofAll(List<String> sizes) {
        return sizes.stream()
                .filter(size -> size.indexOf('=') < 0)
                .map(Bytes::parse)
                .reduce((first, last) -> last);
    }

    private static Map<PoolName, Long> byPool(List<String> sizes) {
        Map<PoolName, Long> byPool = new HashMap<>();
        for (String size : sizes) {
            int equals = size.lastIndexOf('=');
            if (equals >= 0) {
                byPool.put(new PoolName(size.substring(0, equals)), Bytes.parse(size.substring(equals + 1)));
            }
        }
        return byPool;
    }

    private Policy of(Policy policy) {
        return policy.change()
                .maxDepth(atLeast("maxDepth", policy.maxDepth(), maxDepth))
                .minDepth(atLeast("minDepth", policy.minDepth(), minDepth))
                .direction(direction(policy.direction()))
                .unshare(not("unshare", policy.unshare(), unshare))
                .keepNewest(atLeast("keepNewest", policy.keepNewest(), keepNewest))
                .keepNewerThan(
                        policy.keepNewerThan().isEmpty()
                                ? keepNewerThan
                                : policy.keepNewerThan().map(age -> atLeast("keepNewerThan", age, keepNewerThan)))
                .keepOlderThan(
                        policy.keepOlderThan().isEmpty()
                                ? keepOlderThan
                                : policy.keepOlderThan().map(age -> atMost("keepOlderThan", age, keepOlderThan)))
                .dropRestorePoints(not("dropRestorePoints", policy.dropRestorePoints(), dropRestorePoints))
                // from FULL, the strictest, on down
                .verify(atMost("verify", policy.verify(), verify))
                .grace(atLeast("grace", policy.grace(), grace))
                .headroomBytes(atLeast("headroomBytes", policy.headroomBytes(), headroomBytes))
                .budgetBytes(atMost("budgetBytes", policy.budgetBytes(), budgetBytes))
                .headroomByPool(byPool(policy.headroomByPool(), headroomByPool, this::headroom, policy))
                .budgetByPool(byPool(policy.budgetByPool(), budgetByPool, this::budget, policy))
                .build();
    }

    /** The value of each pool that the policy or this names. */
    private static Map<PoolName, Long> byPool(
            Map<PoolName, Long> named,
            Map<PoolName, Long> wanted,
            BiFunction<Policy, PoolName, Long> value,
            Policy policy) {
        return Stream.of(named, wanted)
                .flatMap(bytes -> bytes.keySet().stream())
                .distinct()
                .collect(Collectors.toUnmodifiableMap(pool -> pool, pool -> value.apply(policy, pool)));
    }

    private long headroom(Policy policy, PoolName pool) {
        long named = policy.headroomBytes(pool);
        return Optional.ofNullable(headroomByPool.get(pool))
                .map(bytes -> atLeast("headroomByPool." + pool, named, Optional.of(bytes)))
                .orElse(Math.max(named, headroomBytes.orElse(0L)));
    }

    private long budget(Policy policy, PoolName pool) {
        long named = policy.budgetBytes(pool);
        return Optional.ofNullable(budgetByPool.get(pool))
                .map(bytes -> atMost("budgetByPool." + pool, named, Optional.of(bytes)))
                .orElse(Math.min(named, budgetBytes.orElse(Long.MAX_VALUE)));
    }

    private Direction direction(Direction named) {
        Direction wanted = direction.orElse(named);
        if (named != Direction.AUTO && wanted != named) {
            throw looser("direction", named, wanted);
        }
        return wanted;
    }

    private static boolean not(String key, boolean named, Optional<Boolean> wanted) {
        if (wanted.orElse(false) && !named) {
            throw looser(key, named, true);
        }
        return wanted.orElse(named);
    }

    private static <T extends Comparable<T>> T atLeast(String key, T named, Optional<T> wanted) {
        if (wanted.orElse(named).compareTo(named) < 0) {
            throw looser(key, named, wanted.orElse(named));
        }
        return wanted.orElse(named);
    }

    private static <T extends Comparable<T>> T atMost(String key, T named, Optional<T> wanted) {
        if (wanted.orElse(named).compareTo(named) > 0) {
            throw looser(key, named, wanted.orElse(named));
        }
        return wanted.orElse(named);
    }

    private static IllegalArgumentException looser(String key, Object named, Object wanted) {
        return new IllegalArgumentException(
                "tighten." + key + " is " + wanted + ", which allows more than the policy's " + named);
    }

    private static List<String> joined(List<String> some, List<String> more) {
        return Stream.concat(some.stream(), more.stream()).distinct().toList();
    }
}
