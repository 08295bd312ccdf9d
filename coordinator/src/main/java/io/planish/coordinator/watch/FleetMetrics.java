package io.planish.coordinator.watch;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.PoolName;
import io.planish.job.JobRecord;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.plan.Plan;
import io.planish.plan.PoolState;
import io.planish.plan.Snapshot;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What this coordinator has seen of the fleet, as {@code planish_*}: chains by depth as of the last scan, what was planned and left alone, how
 * jobs ended. Counters begin at zero with each start and count what this coordinator did itself. Thread-safe.
 */
@Singleton
public final class FleetMetrics {
    /** Chains of up to so many files are counted together. */
    private static final List<Integer> DEPTHS = List.of(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024);

    private static final String MORE = "+Inf";

    private final MeterRegistry registry;
    private final MultiGauge chains;
    private final MultiGauge leftAlone;
    private final Timer scans;

    FleetMetrics(MeterRegistry registry) {
        this.registry = registry;
        this.chains = MultiGauge.builder("planish_chains")
                .description(
                        "Chains by the number of their files, as of the last scan; files is the upper bound of its group")
                .register(registry);
        this.leftAlone = MultiGauge.builder("planish_left_alone")
                .description("Images that the last plan left alone, or above the wanted depth, by reason")
                .register(registry);
        this.scans = Timer.builder("planish_scan")
                .description("How long scans of all pools took")
                .register(registry);
    }

    public void scanned(Snapshot snapshot, Duration took) {
        scans.record(took);
        Forest forest = snapshot.forest();
        Map<PoolName, Map<String, Integer>> counts = new TreeMap<>();
        snapshot.pools().stream().map(PoolState::name).forEach(pool -> counts.put(pool, new TreeMap<>()));
        for (ImageNode leaf : forest.leaves()) {
            counts.computeIfAbsent(leaf.ref().pool(), pool -> new TreeMap<>())
                    .merge(group(forest.chain(leaf.ref()).size()), 1, Integer::sum);
        }
        List<Row<?>> rows = new ArrayList<>();
        counts.forEach((pool, byDepth) -> {
            DEPTHS.forEach(depth -> rows.add(row(pool, String.valueOf(depth), byDepth)));
            rows.add(row(pool, MORE, byDepth));
        });
        chains.register(rows, true);
    }

    /** Shows nothing of the fleet until the next scan: who leads now has newer figures. */
    public void forget() {
        chains.register(List.of(), true);
        leftAlone.register(List.of(), true);
    }

    private static Row<?> row(PoolName pool, String group, Map<String, Integer> byDepth) {
        return Row.of(Tags.of("pool", pool.value(), "files", group), byDepth.getOrDefault(group, 0));
    }

    private static String group(int files) {
        return DEPTHS.stream()
                .filter(depth -> files <= depth)
                .findFirst()
                .map(String::valueOf)
                .orElse(MORE);
    }

    /** A run's jobs stand in the ledger. */
    public void planned(Plan plan) {
        for (Plan.Total total : plan.totals()) {
            bytes("planish_planned", "Bytes that planned jobs write", total.pool())
                    .increment(total.bytesToWrite());
            bytes("planish_planned_freed", "Bytes that leftovers of planned jobs take", total.pool())
                    .increment(total.bytesToFreeAfterGrace());
        }
    }

    /** Of all pools, before what a request does not ask for is left out. */
    public void leftAlone(Plan plan) {
        Map<Tags, Integer> counts = new HashMap<>();
        for (Plan.Skip skip : plan.skips()) {
            counts.merge(
                    Tags.of(
                            "pool",
                            skip.image().pool().value(),
                            "reason",
                            skip.reason().name()),
                    1,
                    Integer::sum);
        }
        leftAlone.register(
                counts.entrySet().stream()
                        .<Row<?>>map(e -> Row.of(e.getKey(), e.getValue()))
                        .toList(),
                true);
    }

    private Counter bytes(String name, String description, PoolName pool) {
        return Counter.builder(name)
                .baseUnit("bytes")
                .description(description)
                .tag("pool", pool.value())
                .register(registry);
    }

    /** Told when the outcome is announced, once for each job but for a crash in between. */
    public void ended(JobRecord job, Outcome outcome) {
        registry.counter(
                        "planish_jobs_ended",
                        "pool",
                        job.job().target().pool().value(),
                        "outcome",
                        Outcomes.name(outcome))
                .increment();
    }
}
