package io.planish.config;

import io.planish.chain.PoolName;
import io.planish.config.PoliciesConfig.PolicyConfig;
import io.planish.plan.Policy;
import io.planish.run.RunLimits;
import io.quarkus.runtime.configuration.MemorySize;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The configuration as the values that the rest works with. What is wrong is named with its key. */
public final class Settings {
    private Settings() {}

    public static Set<PoolName> poolNames(PoolsConfig config) {
        Set<PoolName> names = new TreeSet<>();
        for (Map.Entry<String, PoolsConfig.PoolConfig> e : config.pools().entrySet()) {
            names.add(new PoolName(e.getKey()));
            if (e.getValue().slots() < 1) {
                throw new IllegalArgumentException("planish.pools." + e.getKey() + ".slots is "
                        + e.getValue().slots() + ", but must be at least 1");
            }
        }
        return names;
    }

    /** The pools that are not mounted here, and the ids that tell which ones are meant. */
    public static Map<PoolName, String> remotePools(PoolsConfig config) {
        Map<PoolName, String> ids = new TreeMap<>();
        config.pools().forEach((name, pool) -> {
            if (pool.path().isEmpty()) {
                String key = "planish.pools." + name;
                PoolsConfig.References references = pool.references();
                if (references.libvirt().isPresent()
                        || references.files().isPresent()
                        || references.command().isPresent()) {
                    throw new IllegalArgumentException(key + ".references is set, but the pool has no path here: set it"
                            + " where the pool is mounted");
                }
                ids.put(
                        new PoolName(name),
                        pool.id()
                                .orElseThrow(() -> new IllegalArgumentException(key
                                        + " has neither path nor id: set the path if it is mounted here, else the id that"
                                        + " its file .planish-pool holds")));
            }
        });
        return ids;
    }

    /** The pools that are declared complete. */
    public static Set<PoolName> completePools(PoolsConfig config) {
        return config.pools().entrySet().stream()
                .filter(e -> e.getValue().complete())
                .map(e -> new PoolName(e.getKey()))
                .collect(Collectors.toUnmodifiableSet());
    }

    /** How many jobs of the pool may be offered or running; 0 where it is not configured. */
    public static int slots(PoolsConfig config, PoolName pool) {
        return Optional.ofNullable(config.pools().get(pool.value()))
                .map(PoolsConfig.PoolConfig::slots)
                .orElse(0);
    }

    /** What one job of the pool may write per second: its share of the pool's bound, or of the run's where that is less. */
    public static long bytesPerSecondAndSlot(PoolsConfig config, PoolName pool, RunLimits limits) {
        long configured = Optional.ofNullable(config.pools().get(pool.value()))
                .flatMap(p -> p.bytesPerSecond().map(b -> Math.max(1, b.asLongValue() / p.slots())))
                .orElse(Long.MAX_VALUE);
        return Math.min(configured, limits.bytesPerSecondAndSlot(pool, slots(config, pool)));
    }

    /** @throws IllegalArgumentException unless a lease and its margin leave time to act */
    public static void requireLease(String prefix, Duration lease, Duration margin) {
        if (margin.isNegative() || margin.compareTo(lease.dividedBy(2)) > 0) {
            throw new IllegalArgumentException(prefix + ".lease-margin is " + margin.toMillis()
                    + " ms, but must be at most half of " + prefix + ".lease, which is " + lease.toMillis() + " ms");
        }
    }

    /**
     * By name; {@code default} is there even if not configured.
     *
     * @param pools those that are configured
     */
    public static Map<String, Policy> policies(PoliciesConfig config, Set<PoolName> pools) {
        Map<String, Policy> policies = new TreeMap<>();
        policies.put("default", Policy.DEFAULT);
        config.policies().forEach((name, policy) -> policies.put(name, policy(name, policy, pools)));
        return policies;
    }

    private static Policy policy(String name, PolicyConfig p, Set<PoolName> pools) {
        try {
            return new Policy(
                    p.maxDepth(),
                    p.minDepth(),
                    p.direction(),
                    p.unshare(),
                    p.keep().orElse(List.of()),
                    p.keepNewest(),
                    p.keepNewerThan(),
                    p.keepOlderThan(),
                    p.protect().orElse(List.of()),
                    p.dropRestorePoints(),
                    p.verify(),
                    p.grace(),
                    p.headroom().asLongValue(),
                    p.budget().map(MemorySize::asLongValue).orElse(Long.MAX_VALUE),
                    byPool("headroom-of", p.headroomOf(), pools),
                    byPool("budget-of", p.budgetOf(), pools),
                    p.canary());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("planish.policies." + name + ": " + e.getMessage(), e);
        }
    }

    private static Map<PoolName, Long> byPool(String key, Map<String, MemorySize> sizes, Set<PoolName> pools) {
        for (String pool : sizes.keySet()) {
            if (pools.stream().noneMatch(name -> name.value().equals(pool))) {
                throw new IllegalArgumentException(
                        key + "." + pool + " is of no configured pool; there are " + new TreeSet<>(pools));
            }
        }
        return sizes.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(
                        one -> new PoolName(one.getKey()), one -> one.getValue().asLongValue()));
    }
}
