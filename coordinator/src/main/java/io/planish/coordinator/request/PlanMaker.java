package io.planish.coordinator.request;

import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.coordinator.watch.FleetMetrics;
import io.planish.job.SkipReason;
import io.planish.plan.Plan;
import io.planish.plan.PlanPart;
import io.planish.plan.Planner;
import io.planish.plan.Policy;
import io.planish.plan.Snapshot;
import io.planish.run.RunRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Scans all pools and plans for those that are asked for: an overlay may lie in any pool. Thread-safe. */
public final class PlanMaker {
    private static final Duration REUSED = Duration.ofSeconds(15);

    private final Scan scan;
    private final Map<String, Policy> policies;
    private final FleetMetrics metrics;

    /** @param policies by name */
    public PlanMaker(Scan scan, Map<String, Policy> policies, FleetMetrics metrics) {
        this.scan = scan;
        this.policies = Map.copyOf(policies);
        this.metrics = metrics;
    }

    /** @throws NoPlanException if there can be none, however often one tries */
    public Plan plan(RunRequest request) throws NoPlanException {
        return batch().plan(request);
    }

    /** Plans that share one scan, which is made with the first of them. */
    Batch batch() {
        return new Batch();
    }

    /** One scan, and what was planned from it. Not thread-safe. */
    final class Batch {
        private final Map<Policy, Plan> plans = new HashMap<>();
        private Optional<Snapshot> scanned = Optional.empty();
        private long scannedNanos;

        /** Whether it shows the pools as they were at some time after one and not long before the other. */
        boolean isGood(long sinceNanos, long nowNanos) {
            return scanned.isEmpty() || scannedNanos - sinceNanos > 0 && nowNanos - scannedNanos < REUSED.toNanos();
        }

        Plan plan(RunRequest request) throws NoPlanException {
            Policy policy = policy(request);
            Snapshot snapshot = snapshot();
            Plan whole = plans.get(policy);
            if (whole == null) {
                whole = Planner.plan(snapshot, policy);
                metrics.leftAlone(whole);
                plans.put(policy, whole);
            }
            Set<PoolName> pools = Set.copyOf(request.pools());
            Plan plan = PlanPart.inPools(whole, pools);
            if (request.image().isEmpty()) {
                return plan;
            }
            ImageRef image = request.image().get();
            if (snapshot.forest().node(image).isEmpty()) {
                throw new NoPlanException("there is no image " + image
                        + " (its path is relative to the pool; a layer that was merged is gone)");
            }
            Plan part = PlanPart.forImage(plan, snapshot.forest(), image);
            return part.skips().stream().anyMatch(Batch::lacksRoom)
                    ? PlanPart.forImage(
                            PlanPart.inPools(Planner.planTreeOf(image, snapshot, policy), pools),
                            snapshot.forest(),
                            image)
                    : part;
        }

        /** Other trees, which the run does not touch, may have had it all. */
        private static boolean lacksRoom(Plan.Skip skip) {
            return skip.reason() == SkipReason.BUDGET || skip.reason() == SkipReason.NO_SPACE;
        }

        private Snapshot snapshot() throws NoPlanException {
            if (scanned.isEmpty()) {
                scannedNanos = System.nanoTime();
                try {
                    scanned = Optional.of(scan.snapshot());
                } catch (IOException e) {
                    throw new NoPlanException("the pools cannot be scanned: " + e.getMessage());
                }
            }
            return scanned.get();
        }
    }

    private Policy policy(RunRequest request) throws NoPlanException {
        Policy named = Optional.ofNullable(policies.get(request.policy()))
                .orElseThrow(() -> new NoPlanException("policy '" + request.policy() + "' is not configured"));
        try {
            return request.tightened(named);
        } catch (IllegalArgumentException e) {
            throw new NoPlanException(String.valueOf(e.getMessage()));
        }
    }

    /** Looks at all pools. */
    public interface Scan {
        Snapshot snapshot() throws IOException;
    }

    /** There can be no plan; the message says why. */
    public static final class NoPlanException extends Exception {
        private static final long serialVersionUID = 1L;

        NoPlanException(String message) {
            super(message);
        }
    }
}
