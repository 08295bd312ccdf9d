package io.planish.run;

import io.planish.chain.ImageRef;
import io.planish.job.JobRecord;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import java.util.Optional;

/**
 * Something that happened, told to whoever listens, at least once; nothing is decided from it.
 *
 * @param id equal in every copy of the same event
 * @param type what happened
 * @param outcome for {@code JOB_ENDED} the outcome's name, for a run its state
 * @param code the skip reason or kind of error, where there is one
 * @param timeMillis when it was first told, in ms since 1970
 */
public record Event(
        int version,
        String id,
        Type type,
        String run,
        Optional<String> job,
        Optional<ImageRef> image,
        String outcome,
        Optional<String> code,
        String message,
        long timeMillis) {

    public static final int VERSION = 1;

    /** What happened. */
    public enum Type {
        RUN_CHANGED,
        JOB_ENDED,
        REQUEST_REFUSED
    }

    /** The end of a job. */
    public static Event ended(JobRecord job, Outcome outcome, long nowMillis) {
        return new Event(
                VERSION,
                job.key() + "/" + job.epoch() + "/" + Outcomes.name(outcome),
                Type.JOB_ENDED,
                job.run(),
                Optional.of(job.job().id()),
                Optional.of(job.job().target()),
                Outcomes.name(outcome),
                Outcomes.code(outcome),
                Outcomes.message(outcome),
                nowMillis);
    }

    /** A run's new state. */
    public static Event changed(RunRecord run, long nowMillis) {
        return new Event(
                VERSION,
                run.id() + "/" + run.generation() + "/" + run.state(),
                Type.RUN_CHANGED,
                run.id(),
                Optional.empty(),
                Optional.empty(),
                run.state().name(),
                Optional.empty(),
                run.error().orElse(""),
                nowMillis);
    }

    /** The answer to a request that leads to no run. */
    public static Event refused(String request, String why, long nowMillis) {
        return new Event(
                VERSION,
                request + "/refused",
                Type.REQUEST_REFUSED,
                request,
                Optional.empty(),
                Optional.empty(),
                "REFUSED",
                Optional.empty(),
                why,
                nowMillis);
    }
}
