package io.planish.job;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** Where a job stands in the ledger; the transitions are those of {@link JobRecord}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "state")
@JsonSubTypes({
    @JsonSubTypes.Type(value = JobState.Blocked.class, name = "BLOCKED"),
    @JsonSubTypes.Type(value = JobState.Queued.class, name = "QUEUED"),
    @JsonSubTypes.Type(value = JobState.Running.class, name = "RUNNING"),
    @JsonSubTypes.Type(value = JobState.Finished.class, name = "FINISHED")
})
public sealed interface JobState {
    /** Waits for a job it depends on, for one that touches the same images, or for a free slot of its pool. */
    record Blocked() implements JobState {}

    /** May be claimed by any worker that is offered it. */
    record Queued() implements JobState {}

    /**
     * Claimed. Who sees the same {@code heartbeat} for the lease time, on its own monotonic clock, may take it away.
     *
     * @param owner the worker
     * @param heartbeat goes up with every renewal of the lease
     */
    record Running(String owner, long heartbeat, Progress progress) implements JobState {}

    /**
     * Ended for good, unless a person asks for another try.
     *
     * @param announced whether the outcome stands on the topic of events
     */
    record Finished(JobResult result, boolean announced) implements JobState {}
}
