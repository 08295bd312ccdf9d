package io.planish.job;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.planish.ErrorKind;
import io.planish.job.JobState.Blocked;
import io.planish.job.JobState.Finished;
import io.planish.job.JobState.Queued;
import io.planish.job.JobState.Running;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A job as the ledger holds it.
 *
 * <pre>
 *              queue             claim
 *  BLOCKED ────────▶ QUEUED ──────────────▶ RUNNING ──┐ beat
 *     ▲ │               │ ▲                  │  │  ▲──┘
 *     │ │ skip, cancel  │ └──────────────────┘  │ ended, expire (too often without progress)
 *     │ └───────────┐   │   ended (to go on),   │
 *     │             ▼   ▼   expire              ▼
 *     └────────────────────── FINISHED ◀────────┘
 *          retry
 * </pre>
 *
 * <p>Every transition is one compare-and-set of the record. A method that gives nothing says that the record has moved on and
 * the caller's wish with it: a late offer, a claim that came second, a heartbeat or an outcome of an attempt that lost
 * its lease change nothing.
 *
 * @param epoch how often it was claimed; the newest claim's number
 * @param settledBytes the farthest guest bytes that any attempt has settled
 * @param barren attempts in a row that ended without settling more
 * @param cancel whether the owner is asked to stop for good
 * @param note why it went back into the queue, for people
 * @param sequence goes up with every change, so that no two states of a record are equal
 */
public record JobRecord(
        int version,
        String run,
        Job job,
        JobState state,
        long epoch,
        long settledBytes,
        int barren,
        boolean cancel,
        Optional<String> note,
        long sequence) {

    public static final int VERSION = 1;

    /** After so many attempts in a row without progress a job has failed. */
    public static final int BARREN_ATTEMPTS = 5;

    public static JobRecord blocked(String run, Job job) {
        return new JobRecord(VERSION, run, job, new Blocked(), 0, 0, 0, false, Optional.empty(), 1);
    }

    /** The key of a run's job in the ledger. */
    public static String key(String run, String job) {
        return run + "/" + job;
    }

    @JsonIgnore
    public String key() {
        return key(run, job.id());
    }

    /** Lets workers claim it. {@code ready} is the job with its expectations filled in from what its dependencies did. */
    public Optional<JobRecord> queue(Job ready) {
        return state instanceof Blocked
                ? Optional.of(new JobRecord(
                        version, run, ready, new Queued(), epoch, settledBytes, barren, cancel, note, sequence + 1))
                : Optional.empty();
    }

    public Optional<JobRecord> claim(String owner) {
        return state instanceof Queued
                ? Optional.of(new JobRecord(
                        version,
                        run,
                        job,
                        new Running(owner, 0, Progress.NONE),
                        epoch + 1,
                        settledBytes,
                        barren,
                        cancel,
                        note,
                        sequence + 1))
                : Optional.empty();
    }

    /** Renews the lease of the attempt {@code epoch}. */
    public Optional<JobRecord> beat(String owner, long epoch, Progress progress) {
        return running(owner, epoch).map(r -> with(new Running(owner, r.heartbeat() + 1, progress)));
    }

    /**
     * Records how the attempt {@code epoch} ended: for good, or back into the queue. A commit that has written can only be finished: where it met an
     * overlay that came meanwhile, the next attempt takes that along.
     */
    public Optional<JobRecord> ended(String owner, long epoch, JobResult result) {
        return running(owner, epoch).map(r -> after(result, r.progress()));
    }

    /** Takes the job away from an owner whose heartbeat has stood still at {@code heartbeat} for the lease time. */
    public Optional<JobRecord> expire(long epoch, long heartbeat) {
        return state instanceof Running r && this.epoch == epoch && r.heartbeat() == heartbeat
                ? Optional.of(again(
                        ErrorKind.LEASE_LOST,
                        "worker " + r.owner() + " was not heard of for the lease time",
                        r.progress()))
                : Optional.empty();
    }

    /** Ends a job that no worker has begun. */
    public Optional<JobRecord> skip(SkipReason reason, String message) {
        return switch (state) {
            case Blocked b -> Optional.of(finished(new Outcome.Skipped(reason, message)));
            case Queued q -> Optional.of(finished(new Outcome.Skipped(reason, message)));
            case Running r -> Optional.empty();
            case Finished f -> Optional.empty();
        };
    }

    /** Whether it may end undone: a commit that was ever claimed may have written, and can only be finished. */
    @JsonIgnore
    public boolean isCancellable() {
        return !(state instanceof Finished) && (job.kind() != JobKind.COMMIT || epoch == 0);
    }

    /** Ends it, or asks its owner to; nothing where {@link #isCancellable()} says no or it was asked before. */
    public Optional<JobRecord> cancelled() {
        if (!isCancellable() || cancel) {
            return Optional.empty();
        }
        return switch (state) {
            case Blocked b -> Optional.of(finished(new Outcome.Cancelled()));
            case Queued q -> Optional.of(finished(new Outcome.Cancelled()));
            case Running r ->
                Optional.of(new JobRecord(version, run, job, r, epoch, settledBytes, barren, true, note, sequence + 1));
            case Finished f -> Optional.empty();
        };
    }

    /** A person wants another try at what ended undone. */
    public Optional<JobRecord> retry() {
        if (!(state instanceof Finished f)) {
            return Optional.empty();
        }
        return switch (f.result().outcome()) {
            case Outcome.Done d -> Optional.empty();
            case Outcome.Unknown u -> Optional.empty();
            case Outcome.Failed o -> Optional.of(unblocked());
            case Outcome.Skipped o -> Optional.of(unblocked());
            case Outcome.Stale o -> Optional.of(unblocked());
            case Outcome.Cancelled o -> Optional.of(unblocked());
        };
    }

    /** A person has looked at the files of a job whose outcome was unknown, and opens its images to others again. */
    public Optional<JobRecord> resolved(String message) {
        return state instanceof Finished f && f.result().outcome() instanceof Outcome.Unknown
                ? Optional.of(finished(new Outcome.Failed(ErrorKind.IO, "resolved by a person: " + message)))
                : Optional.empty();
    }

    /** The outcome stands on the topic of events. */
    public Optional<JobRecord> announced() {
        return state instanceof Finished f && !f.announced()
                ? Optional.of(with(new Finished(f.result(), true)))
                : Optional.empty();
    }

    @JsonIgnore
    public Optional<Outcome> outcome() {
        return state instanceof Finished f ? Optional.of(f.result().outcome()) : Optional.empty();
    }

    private Optional<Running> running(String owner, long epoch) {
        return state instanceof Running r && r.owner().equals(owner) && this.epoch == epoch
                ? Optional.of(r)
                : Optional.empty();
    }

    private JobRecord after(JobResult result, Progress progress) {
        return switch (result.outcome()) {
            case Outcome.Done o -> with(new Finished(result, false));
            case Outcome.Skipped o -> with(new Finished(result, false));
            case Outcome.Stale o ->
                job.kind() == JobKind.COMMIT && (settledBytes > 0 || result.bytesCopied() > 0)
                        ? again(ErrorKind.CHANGED_UNDERNEATH, o.message(), progress)
                        : with(new Finished(result, false));
            case Outcome.Unknown o -> with(new Finished(result, false));
            case Outcome.Cancelled o ->
                cancel
                        ? with(new Finished(result, false))
                        : back(Math.max(settledBytes, progress.guestBytesDone()), barren, "stopped on request");
            case Outcome.Failed o ->
                switch (o.kind()) {
                    case IMAGE_IN_USE -> back(settledBytes, barren, o.message());
                    case IO, LEASE_LOST -> again(o.kind(), o.message(), progress);
                    case MALFORMED_IMAGE,
                            UNSUPPORTED_FEATURE,
                            CHANGED_UNDERNEATH,
                            HALF_MERGED,
                            UNSAFE,
                            OUTSIDE_ROOTS,
                            MISSING,
                            NO_SPACE -> with(new Finished(result, false));
                };
        };
    }

    private JobRecord again(ErrorKind kind, String why, Progress progress) {
        boolean settledMore = progress.guestBytesDone() > settledBytes;
        int tries = settledMore ? 0 : barren + 1;
        if (tries >= BARREN_ATTEMPTS) {
            return finished(new Outcome.Failed(
                    kind,
                    why + " (given up after " + tries
                            + " attempts without progress; retry the job when the cause is gone)"));
        }
        return back(Math.max(settledBytes, progress.guestBytesDone()), tries, why);
    }

    private JobRecord back(long settledBytes, int barren, String why) {
        JobState to = cancel ? new Finished(result(new Outcome.Cancelled()), false) : new Queued();
        return new JobRecord(
                version, run, job, to, epoch, settledBytes, barren, cancel, Optional.of(why), sequence + 1);
    }

    private JobRecord unblocked() {
        return new JobRecord(
                version, run, job, new Blocked(), epoch, settledBytes, 0, false, Optional.of("retried"), sequence + 1);
    }

    private JobRecord finished(Outcome outcome) {
        return with(new Finished(result(outcome), false));
    }

    private static JobResult result(Outcome outcome) {
        return new JobResult(outcome, Map.of(), List.of(), 0, 0, List.of());
    }

    private JobRecord with(JobState state) {
        return new JobRecord(version, run, job, state, epoch, settledBytes, barren, cancel, note, sequence + 1);
    }
}
