package io.planish.coordinator.request;

import io.planish.coordinator.watch.FleetMetrics;
import io.planish.plan.Plan;
import io.planish.plan.PlanPart;
import io.planish.plan.Planner;
import io.planish.plan.Policy;
import io.planish.plan.Snapshot;
import io.planish.run.RunRequest;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Scans all pools and plans for those that are asked for: an overlay may lie in any pool. Thread-safe. */
public final class PlanMaker {
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
        Policy policy = policy(request);
        Snapshot snapshot;
        try {
            snapshot = scan.snapshot();
        } catch (IOException e) {
            throw new NoPlanException("the pools cannot be scanned: " + e.getMessage());
        }
        Plan whole = Planner.plan(snapshot, policy);
        metrics.leftAlone(whole);
        Plan plan = PlanPart.inPools(whole, Set.copyOf(request.pools()));
        return request.image().isEmpty()
                ? plan
                : PlanPart.forImage(plan, snapshot.forest(), request.image().get());
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
