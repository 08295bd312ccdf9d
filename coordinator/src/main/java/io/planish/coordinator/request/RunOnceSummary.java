package io.planish.coordinator.request;

import io.planish.chain.ImageRef;
import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.job.Outcomes;
import io.planish.plan.Plan;
import io.planish.run.RunRecord;
import io.planish.run.RunState;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * How a run went.
 *
 * @param deadlinePassed whether it was cancelled for taking too long
 * @param bytesCopied by its jobs' last attempts
 * @param jobs each with its outcome, in the plan's order
 * @param leftAlone what the plan left alone, or deeper than wanted
 */
record RunOnceSummary(
        String run,
        RunState state,
        Optional<String> error,
        boolean deadlinePassed,
        Map<String, Integer> outcomes,
        long bytesCopied,
        List<Ended> jobs,
        List<Plan.Skip> leftAlone) {

    private static final Set<String> FINE = Set.of("DONE", "SKIPPED", RunRecord.REPLANNED);

    /** One job. */
    record Ended(String job, ImageRef target, String outcome, String message) {
        static Optional<Ended> of(JobRecord job) {
            return job.outcome()
                    .map(outcome -> new Ended(
                            job.job().id(), job.job().target(), Outcomes.name(outcome), Outcomes.message(outcome)));
        }
    }

    static RunOnceSummary of(RunRecord run, Collection<JobRecord> jobs, List<Plan.Skip> leftAlone, boolean late) {
        return new RunOnceSummary(
                run.id(),
                run.state(),
                run.error(),
                late,
                new TreeMap<>(run.outcomes()),
                jobs.stream()
                        .map(JobRecord::state)
                        .mapToLong(state -> state instanceof JobState.Finished f
                                ? f.result().bytesCopied()
                                : 0)
                        .sum(),
                jobs.stream().map(Ended::of).flatMap(Optional::stream).toList(),
                leftAlone);
    }

    /** Whether all is well; what was left alone counts only if it is to. */
    boolean isFine(boolean failOnSkip) {
        boolean skipped = outcomes.containsKey("SKIPPED") || !leftAlone.isEmpty();
        return state == RunState.FINISHED
                && !deadlinePassed
                && FINE.containsAll(outcomes.keySet())
                && !(failOnSkip && skipped);
    }
}
