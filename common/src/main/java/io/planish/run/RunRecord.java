package io.planish.run;

import io.planish.chain.PoolName;
import io.planish.job.JobRecord;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.plan.Policy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

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
 * @param limits how hard and when it may work now
 * @param retrying jobs that are to be tried again, but may not stand so in the ledger yet
 * @param outcomes how many jobs ended how, once it is over
 * @param unresolved jobs of unknown outcome: their images stay closed to other jobs until a person resolves them
 * @param error why it could not be planned, or planned again
 * @param by who asked for it
 * @param trace where that stands in a distributed trace, as a W3C {@code traceparent}
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
        RunLimits limits,
        List<String> retrying,
        Map<String, Integer> outcomes,
        List<String> unresolved,
        Optional<String> error,
        Optional<String> by,
        Optional<String> trace,
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
        // What an earlier version wrote has none of these.
        limits = limits == null ? RunLimits.NONE : limits;
        retrying = retrying == null ? List.of() : List.copyOf(retrying);
        trace = trace == null ? Optional.empty() : trace;
        jobs = List.copyOf(jobs);
        scanned = List.copyOf(scanned);
        outcomes = Map.copyOf(outcomes);
        unresolved = List.copyOf(unresolved);
    }

    /** @param by who asks */
    public static RunRecord asked(RunRequest request, String by, long nowMillis) {
        return asked(request, by, Optional.empty(), nowMillis);
    }

    /** The same, as part of a trace. */
    public static RunRecord asked(RunRequest request, String by, Optional<String> trace, long nowMillis) {
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
                request.limits().orElse(RunLimits.NONE),
                List.of(),
                Map.of(),
                List.of(),
                Optional.empty(),
                Optional.of(by),
                trace,
                Optional.empty(),
                nowMillis,
                0,
                1);
    }

    /** A run of jobs that nobody plans and that stand in the ledger already. */
    public static RunRecord ofJobs(RunRequest request, String by, List<String> jobs, long nowMillis) {
        Draft ready = new Draft(asked(request, by, nowMillis));
        ready.state = RunState.READY;
        ready.generation = GENERATIONS;
        ready.jobs = jobs;
        return ready.done().orElseThrow();
    }

    /** The jobs of the next generation stand in the ledger. */
    public Optional<RunRecord> ready(String plan, Policy policy, List<PoolName> scanned, List<String> more) {
        if (state != RunState.PLANNING) {
            return Optional.empty();
        }
        Draft next = new Draft(this);
        next.state = RunState.READY;
        next.generation = generation + 1;
        next.jobs = new ArrayList<>(jobs);
        next.jobs.addAll(more);
        next.earlier = jobs.size();
        next.plan = Optional.of(plan);
        next.policy = Optional.of(policy);
        next.scanned = scanned;
        return next.done();
    }

    /** It cannot be planned. One whose stale trees cannot be planned again keeps what it has done, and ends with that. */
    public Optional<RunRecord> failed(String why, long nowMillis) {
        if (state != RunState.PLANNING) {
            return Optional.empty();
        }
        Draft next = new Draft(this);
        next.error = Optional.of(why);
        if (generation == 0) {
            next.state = RunState.FAILED;
            next.endedMillis = nowMillis;
        } else {
            next.state = RunState.READY;
            next.generation = GENERATIONS;
        }
        return next.done();
    }

    /** Stale trees are to be planned again. */
    public Optional<RunRecord> replan() {
        return state == RunState.READY && generation < GENERATIONS && retrying.isEmpty()
                ? moved(RunState.PLANNING)
                : Optional.empty();
    }

    public Optional<RunRecord> paused() {
        return state == RunState.READY || state == RunState.PLANNING ? moved(RunState.PAUSED) : Optional.empty();
    }

    /** Goes on where it was: one that was never planned is planned first. */
    public Optional<RunRecord> resumed() {
        return state == RunState.PAUSED
                ? moved(generation == 0 ? RunState.PLANNING : RunState.READY)
                : Optional.empty();
    }

    public Optional<RunRecord> cancelling() {
        return state == RunState.READY || state == RunState.PAUSED || state == RunState.PLANNING
                ? moved(RunState.CANCELLING)
                : Optional.empty();
    }

    /** A person wants it to work harder or more gently, or at other times. */
    public Optional<RunRecord> limited(RunLimits limits) {
        if (state.isOver()) {
            return Optional.empty();
        }
        Draft next = new Draft(this);
        next.limits = limits;
        return next.done();
    }

    /** How many jobs it may begin at all, by its policy and its limits; empty: it is no canary. */
    public Optional<Integer> canary() {
        return Stream.of(limits.canary(), policy.flatMap(Policy::canary))
                .flatMap(Optional::stream)
                .min(Comparator.naturalOrder());
    }

    /** All its jobs have an outcome. */
    public Optional<RunRecord> finished(List<JobRecord> ended, long nowMillis) {
        if (state != RunState.READY && state != RunState.CANCELLING || !retrying.isEmpty()) {
            return Optional.empty();
        }
        Draft next = new Draft(this);
        next.state = RunState.FINISHED;
        next.endedMillis = nowMillis;
        next.outcomes = new TreeMap<>();
        next.unresolved = new ArrayList<>();
        for (JobRecord job : ended) {
            Outcome outcome = job.outcome().orElseThrow();
            boolean replanned =
                    outcome instanceof Outcome.Stale && jobs.indexOf(job.job().id()) < earlier;
            next.outcomes.merge(replanned ? REPLANNED : Outcomes.name(outcome), 1, Integer::sum);
            if (outcome instanceof Outcome.Unknown) {
                next.unresolved.add(job.job().id());
            }
        }
        return next.done();
    }

    /** A person wants these jobs tried again: the run goes on, and is not over before they are. */
    public Optional<RunRecord> retrying(Collection<String> again) {
        if (state == RunState.CANCELLING || state == RunState.FAILED || again.isEmpty()) {
            return Optional.empty();
        }
        Draft next = new Draft(this);
        Set<String> all = new LinkedHashSet<>(retrying);
        all.addAll(again);
        next.retrying = List.copyOf(all);
        if (state == RunState.FINISHED) {
            next.state = RunState.READY;
            next.outcomes = Map.of();
            next.unresolved = List.of();
            next.endedMillis = 0;
        }
        return next.done();
    }

    /** These jobs stand in the ledger as to be tried again. */
    public Optional<RunRecord> retried(Collection<String> again) {
        List<String> rest = retrying.stream().filter(j -> !again.contains(j)).toList();
        if (rest.size() == retrying.size()) {
            return Optional.empty();
        }
        Draft next = new Draft(this);
        next.retrying = rest;
        return next.done();
    }

    /** A person wants another try at planning it. */
    public Optional<RunRecord> replanned() {
        if (state != RunState.FAILED) {
            return Optional.empty();
        }
        Draft next = new Draft(this);
        next.state = RunState.PLANNING;
        next.error = Optional.empty();
        next.endedMillis = 0;
        return next.done();
    }

    /** A person has resolved a job of unknown outcome. */
    public Optional<RunRecord> resolved(String job) {
        if (!unresolved.contains(job)) {
            return Optional.empty();
        }
        Draft next = new Draft(this);
        next.unresolved = unresolved.stream().filter(j -> !j.equals(job)).toList();
        return next.done();
    }

    /** The present state stands on the topic of events. */
    public Optional<RunRecord> announced(RunState told) {
        if (state != told || announced.equals(Optional.of(told))) {
            return Optional.empty();
        }
        Draft next = new Draft(this);
        next.announced = Optional.of(told);
        return next.done();
    }

    private Optional<RunRecord> moved(RunState to) {
        Draft next = new Draft(this);
        next.state = to;
        return next.done();
    }

    /** The next state of a record, while it is put together. */
    private static final class Draft {
        private final RunRecord from;
        private RunState state;
        private int generation;
        private List<String> jobs;
        private int earlier;
        private Optional<String> plan;
        private Optional<Policy> policy;
        private List<PoolName> scanned;
        private RunLimits limits;
        private List<String> retrying;
        private Map<String, Integer> outcomes;
        private List<String> unresolved;
        private Optional<String> error;
        private Optional<RunState> announced;
        private long endedMillis;

        Draft(RunRecord from) {
            this.from = from;
            this.state = from.state;
            this.generation = from.generation;
            this.jobs = from.jobs;
            this.earlier = from.earlier;
            this.plan = from.plan;
            this.policy = from.policy;
            this.scanned = from.scanned;
            this.limits = from.limits;
            this.retrying = from.retrying;
            this.outcomes = from.outcomes;
            this.unresolved = from.unresolved;
            this.error = from.error;
            this.announced = from.announced;
            this.endedMillis = from.endedMillis;
        }

        Optional<RunRecord> done() {
            return Optional.of(new RunRecord(
                    from.version,
                    from.id,
                    from.request,
                    state,
                    generation,
                    jobs,
                    earlier,
                    plan,
                    policy,
                    scanned,
                    limits,
                    retrying,
                    outcomes,
                    unresolved,
                    error,
                    from.by,
                    from.trace,
                    announced,
                    from.createdMillis,
                    endedMillis,
                    from.sequence + 1));
        }
    }
}
