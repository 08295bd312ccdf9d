package io.planish.run;

import io.planish.chain.ImageRef;
import io.planish.job.Job;
import io.planish.job.JobRecord;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.job.Relink;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Something that happened, told to whoever listens, at least once; nothing is decided from it.
 *
 * @param id equal in every copy of the same event
 * @param type what happened
 * @param run a run's id; for a refused request that of the request
 * @param outcome for {@code JOB_ENDED} the outcome's name, for a run its state, for {@code STEERED} what was done
 * @param code the skip reason or kind of error, where there is one
 * @param by who asked for it, where somebody did
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
        Optional<String> by,
        long timeMillis) {

    public static final int VERSION = 1;

    /** What happened. */
    public enum Type {
        REQUEST_ACCEPTED,
        REQUEST_REFUSED,
        RUN_CHANGED,
        JOB_ENDED,
        /** A planned time of a schedule led to no run. */
        SCHEDULE_SKIPPED,
        /** Somebody steered a run, a job or a schedule. */
        STEERED
    }

    /** The end of a job of a run that {@code by} asked for; the message says what was done to which files. */
    public static Event ended(JobRecord job, JobResult result, Optional<String> by, long nowMillis) {
        Outcome outcome = result.outcome();
        return new Event(
                VERSION,
                job.key() + "/" + job.epoch() + "/" + Outcomes.name(outcome),
                Type.JOB_ENDED,
                job.run(),
                Optional.of(job.job().id()),
                Optional.of(job.job().target()),
                Outcomes.name(outcome),
                Outcomes.code(outcome),
                outcome instanceof Outcome.Done ? done(job.job(), result) : Outcomes.message(outcome),
                by,
                nowMillis);
    }

    private static String done(Job job, JobResult result) {
        String text = job.kind().name().toLowerCase(Locale.ROOT) + " into " + job.target() + ", " + result.bytesCopied()
                + " bytes";
        if (!job.relinks().isEmpty()) {
            text += ", relinked " + job.relinks().stream().map(Relink::overlay).toList();
        }
        if (job.replaces().isPresent()) {
            text += ", in place of " + job.replaces().get();
        }
        return result.retired().isEmpty() ? text : text + ", retired " + result.retired();
    }

    /** A request leads to a run. */
    public static Event accepted(RunRecord run, long nowMillis) {
        return of(run.id() + "/accepted", Type.REQUEST_ACCEPTED, run.id(), "ACCEPTED", "", run.by(), nowMillis);
    }

    /** A run's new state. */
    public static Event changed(RunRecord run, long nowMillis) {
        return of(
                run.id() + "/" + run.sequence() + "/" + run.state(),
                Type.RUN_CHANGED,
                run.id(),
                run.state().name(),
                run.error().orElseGet(() -> run.outcomes().isEmpty() ? "" : new TreeMap<>(run.outcomes()).toString()),
                run.by(),
                nowMillis);
    }

    /** The answer to a request that leads to no run. */
    public static Event refused(String request, String why, String by, long nowMillis) {
        return of(request + "/refused", Type.REQUEST_REFUSED, request, "REFUSED", why, Optional.of(by), nowMillis);
    }

    /** The run of a planned time is not made. */
    public static Event skipped(String schedule, String run, String code, String why, long nowMillis) {
        return new Event(
                VERSION,
                run + "/skipped",
                Type.SCHEDULE_SKIPPED,
                run,
                Optional.empty(),
                Optional.empty(),
                "SKIPPED",
                Optional.of(code),
                why,
                Optional.of("schedule " + schedule),
                nowMillis);
    }

    /** Somebody did {@code what}, such as {@code PAUSE}, to a run or to one of its jobs; {@code sequence} tells two of them apart. */
    public static Event steered(
            String run, Optional<JobRecord> job, long sequence, String what, String detail, String by, long nowMillis) {
        return new Event(
                VERSION,
                job.map(JobRecord::key).orElse(run) + "/" + sequence + "/" + what,
                Type.STEERED,
                run,
                job.map(j -> j.job().id()),
                job.map(j -> j.job().target()),
                what,
                Optional.empty(),
                detail,
                Optional.of(by),
                nowMillis);
    }

    private static Event of(
            String id, Type type, String run, String outcome, String message, Optional<String> by, long nowMillis) {
        return new Event(
                VERSION,
                id,
                type,
                run,
                Optional.empty(),
                Optional.empty(),
                outcome,
                Optional.empty(),
                message,
                by,
                nowMillis);
    }
}
