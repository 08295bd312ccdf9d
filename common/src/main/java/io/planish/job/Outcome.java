package io.planish.job;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.planish.ErrorKind;

/** How a job, or one attempt at it, ended. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "outcome")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Outcome.Done.class, name = "DONE"),
    @JsonSubTypes.Type(value = Outcome.Skipped.class, name = "SKIPPED"),
    @JsonSubTypes.Type(value = Outcome.Stale.class, name = "STALE"),
    @JsonSubTypes.Type(value = Outcome.Failed.class, name = "FAILED"),
    @JsonSubTypes.Type(value = Outcome.Cancelled.class, name = "CANCELLED"),
    @JsonSubTypes.Type(value = Outcome.Unknown.class, name = "UNKNOWN")
})
public sealed interface Outcome {
    /** The target holds the group's content, all links lead past what was retired, all of it durable. */
    record Done() implements Outcome {}

    /** Nothing was touched, for the reason given. */
    record Skipped(SkipReason reason, String message) implements Outcome {}

    /** The world is not what the plan saw; what any image shows is unchanged. The tree is to be planned again. */
    record Stale(String message) implements Outcome {}

    /** The attempt could not go on; what any image shows is unchanged. */
    record Failed(ErrorKind kind, String message) implements Outcome {}

    /** Stopped on request at a safe point. */
    record Cancelled() implements Outcome {}

    /** It cannot be told what state the files are in: nothing is cleaned up until a person resolves it. */
    record Unknown(String message) implements Outcome {}
}
