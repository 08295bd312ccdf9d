package io.planish.coordinator.request;

import io.planish.chain.PoolName;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.plan.Policy;
import io.planish.run.RunLimits;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.planish.trace.Traces;
import java.time.Clock;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The one way into the ledger for whoever wants a run. Thread-safe. */
public final class Runs {
    private static final int MOST_GLOBS = 100;

    private final Ledger ledger;
    private final Set<PoolName> pools;
    private final Map<String, Policy> policies;
    private final Clock clock;

    /** @param pools those configured; @param policies those configured, by name */
    public Runs(Ledger ledger, Set<PoolName> pools, Map<String, Policy> policies, Clock clock) {
        this.ledger = ledger;
        this.pools = Set.copyOf(pools);
        this.policies = Map.copyOf(policies);
        this.clock = clock;
    }

    /**
     * Writes the run into the ledger; the same request again, whoever asks, finds the run of the first.
     *
     * @param by who asks
     * @throws IllegalArgumentException if it names a pool, policy or plan that is not there, or its id was used for another request
     */
    public RunRecord ask(RunRequest request, String by) throws LedgerException {
        check(request);
        RunRecord asked = RunRecord.asked(request, by, Traces.here(), clock.millis());
        if (ledger.runs().add(asked.id(), asked)) {
            return asked;
        }
        RunRecord there = ledger.runs().get(asked.id()).orElse(asked);
        if (!there.request().equals(request)) {
            throw new IllegalArgumentException("id '" + request.id() + "' was used before for another request");
        }
        return there;
    }

    /** @throws IllegalArgumentException naming what is not there, or would allow more than the policy does */
    public void check(RunRequest request) throws LedgerException {
        if (request.pools().isEmpty()) {
            throw new IllegalArgumentException("no pool is named; there are " + pools);
        }
        if (request.keep().size() + request.protect().size() > MOST_GLOBS) {
            throw new IllegalArgumentException(
                    "'keep' and 'protect' name more than " + MOST_GLOBS + " patterns (put them into a policy)");
        }
        request.requireOnly(pools, "");
        Policy policy = policies.get(request.policy());
        if (policy == null) {
            throw new IllegalArgumentException("policy '" + request.policy() + "' is not configured; there are "
                    + new TreeSet<>(policies.keySet()));
        }
        request.tightened(policy);
        check(request.limits().orElse(RunLimits.NONE), policy);
        if (request.plan().isPresent()
                && ledger.plans().get(request.plan().get()).isEmpty()) {
            throw new IllegalArgumentException(
                    "there is no plan '" + request.plan().get() + "'");
        }
    }

    /** @throws IllegalArgumentException naming a pool that is not there, or a canary of more jobs than the policy's */
    public void check(RunLimits limits, Policy policy) {
        for (PoolName pool : limits.pools().keySet()) {
            if (!pools.contains(pool)) {
                throw new IllegalArgumentException("pool '" + pool + "' is not configured; there are " + pools);
            }
        }
        if (limits.canary().orElse(0) > policy.canary().orElse(Integer.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "limits.canary is " + limits.canary().get() + ", which allows more than the policy's "
                            + policy.canary().orElseThrow());
        }
    }
}
