package io.planish.run;

import io.planish.chain.PoolName;
import io.planish.job.JobRecord;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.plan.Policy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A run as the ledger holds it. As in {@link JobRecord}, each transition is one compare-and-set, and one that gives nothing
 * says that the record has moved on.
 *
 * @param generation how often it was planned; trees that were stale are planned once more
 * @param jobs ids of its jobs, in the plan's order
 * @param earlier how many of these belong to an earlier generation
 * @param plan the id of the newest plan; empty until there is one
 * @param policy the policy as it was when the run was planned
 * @param scanned the pools that were looked at for it: an overlay may lie in any of them
 * @param outcomes how many jobs ended how, once it is over
 * @param unresolved jobs of unknown outcome: their images stay closed to other jobs until a person resolves them
 * @param error why it could not be planned
 * @param announced the last state that stands on the topic of events
 * @param createdMillis when it was asked for, in ms since 1970
 * @param endedMillis when it was over, in ms since 1970; 0 before
 * @param sequence goes up with every change
 */
public record RunRecord(
        int version,
        String id,
        RunRequest request,
        RunState state,
        int generation,
        List<String> jobs,
        int earlier,
        Optional<String> plan,
        Optional<Policy> policy,
        List<PoolName> scanned,
        Map<String, Integer> outcomes,
        List<String> unresolved,
        Optional<String> error,
        Optional<RunState> announced,
        long createdMillis,
        long endedMillis,
        long sequence) {

    public static final int VERSION = 1;

    /** What a stale job whose tree was planned once more is counted as. */
    public static final String REPLANNED = "REPLANNED";

    /** A run is planned once, and the trees that were stale once more. */
    public static final int GENERATIONS = 2;

    public RunRecord {
        jobs = List.copyOf(jobs);
        scanned = List.copyOf(scanned);
        outcomes = Map.copyOf(outcomes);
        unresolved = List.copyOf(unresolved);
    }

    public static RunRecord asked(RunRequest request, long nowMillis) {
        return new RunRecord(
                VERSION,
                request.id(),
                request,
                RunState.PLANNING,
                0,
                List.of(),
                0,
                Optional.empty(),
                Optional.empty(),
                List.of(),
                Map.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                nowMillis,
                0,
                1);
    }

    /** The jobs of the next generation stand in the ledger. */
    public Optional<RunRecord> ready(String plan, Policy policy, List<PoolName> scanned, List<String> more) {
        if (state != RunState.PLANNING) {
            return Optional.empty();
        }
        List<String> all = new ArrayList<>(jobs);
        all.addAll(more);
        return Optional.of(new RunRecord(
                version,
                id,
                request,
                RunState.READY,
                generation + 1,
                all,
                jobs.size(),
                Optional.of(plan),
                Optional.of(policy),
                scanned,
                outcomes,
                unresolved,
                error,
                announced,
                createdMillis,
                endedMillis,
                sequence + 1));
    }

    public Optional<RunRecord> failed(String why, long nowMillis) {
        return state == RunState.PLANNING
                ? Optional.of(over(RunState.FAILED, outcomes, unresolved, Optional.of(why), nowMillis))
                : Optional.empty();
    }

    /** Stale trees are to be planned again. */
    public Optional<RunRecord> replan() {
        return state == RunState.READY && generation < GENERATIONS
                ? Optional.of(with(RunState.PLANNING))
                : Optional.empty();
    }

    public Optional<RunRecord> paused() {
        return state == RunState.READY ? Optional.of(with(RunState.PAUSED)) : Optional.empty();
    }

    public Optional<RunRecord> resumed() {
        return state == RunState.PAUSED ? Optional.of(with(RunState.READY)) : Optional.empty();
    }

    public Optional<RunRecord> cancelling() {
        return state == RunState.READY || state == RunState.PAUSED
                ? Optional.of(with(RunState.CANCELLING))
                : Optional.empty();
    }

    /** All its jobs have an outcome. */
    public Optional<RunRecord> finished(List<JobRecord> ended, long nowMillis) {
        if (state != RunState.READY && state != RunState.CANCELLING) {
            return Optional.empty();
        }
        Map<String, Integer> counts = new TreeMap<>();
        List<String> unknown = new ArrayList<>();
        for (JobRecord job : ended) {
            Outcome outcome = job.outcome().orElseThrow();
            boolean replanned =
                    outcome instanceof Outcome.Stale && jobs.indexOf(job.job().id()) < earlier;
            counts.merge(replanned ? REPLANNED : Outcomes.name(outcome), 1, Integer::sum);
            if (outcome instanceof Outcome.Unknown) {
                unknown.add(job.job().id());
            }
        }
        return Optional.of(over(RunState.FINISHED, counts, unknown, error, nowMillis));
    }

    /** A person has asked for another try at one of its jobs. */
    public Optional<RunRecord> reopened() {
        return state == RunState.FINISHED
                ? Optional.of(new RunRecord(
                        version,
                        id,
                        request,
                        RunState.READY,
                        generation,
                        jobs,
                        earlier,
                        plan,
                        policy,
                        scanned,
                        Map.of(),
                        List.of(),
                        error,
                        announced,
                        createdMillis,
                        0,
                        sequence + 1))
                : Optional.empty();
    }

    /** A person has resolved a job of unknown outcome. */
    public Optional<RunRecord> resolved(String job) {
        if (!unresolved.contains(job)) {
            return Optional.empty();
        }
        List<String> rest = unresolved.stream().filter(j -> !j.equals(job)).toList();
        return Optional.of(new RunRecord(
                version,
                id,
                request,
                state,
                generation,
                jobs,
                earlier,
                plan,
                policy,
                scanned,
                outcomes,
                rest,
                error,
                announced,
                createdMillis,
                endedMillis,
                sequence + 1));
    }

    /** The present state stands on the topic of events. */
    public Optional<RunRecord> announced(RunState told) {
        return state == told && !announced.equals(Optional.of(told))
                ? Optional.of(new RunRecord(
                        version,
                        id,
                        request,
                        state,
                        generation,
                        jobs,
                        earlier,
                        plan,
                        policy,
                        scanned,
                        outcomes,
                        unresolved,
                        error,
                        Optional.of(told),
                        createdMillis,
                        endedMillis,
                        sequence + 1))
                : Optional.empty();
    }

    private RunRecord over(
            RunState state, Map<String, Integer> outcomes, List<String> unresolved, Optional<String> error, long now) {
        return new RunRecord(
                version,
                id,
                request,
                state,
                generation,
                jobs,
                earlier,
                plan,
                policy,
                scanned,
                outcomes,
                unresolved,
                error,
                announced,
                createdMillis,
                now,
                sequence + 1);
    }

    private RunRecord with(RunState state) {
        return new RunRecord(
                version,
                id,
                request,
                state,
                generation,
                jobs,
                earlier,
                plan,
                policy,
                scanned,
                outcomes,
                unresolved,
                error,
                announced,
                createdMillis,
                endedMillis,
                sequence + 1);
    }
}
