package io.planish.plan;

import io.planish.chain.PoolName;
import io.planish.job.Verify;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What somebody asks of a policy that is not theirs: less may be done than it allows, never more. Each value is as in {@link Policy};
 * an absent one leaves the policy's.
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
        Optional<Long> budgetBytes) {

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
                .headroomByPool(each(policy.headroomByPool(), bytes -> Math.max(bytes, headroomBytes.orElse(0L))))
                .budgetByPool(each(policy.budgetByPool(), bytes -> Math.min(bytes, budgetBytes.orElse(Long.MAX_VALUE))))
                .build();
    }

    private static Map<PoolName, Long> each(Map<PoolName, Long> bytes, UnaryOperator<Long> change) {
        return bytes.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, one -> change.apply(one.getValue())));
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
