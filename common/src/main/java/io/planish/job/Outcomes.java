package io.planish.job;

import java.util.Optional;

/** Outcomes in words. */
public final class Outcomes {
    private Outcomes() {}

    /** The name it has on the wire. */
    public static String name(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Done o -> "DONE";
            case Outcome.Skipped o -> "SKIPPED";
            case Outcome.Stale o -> "STALE";
            case Outcome.Failed o -> "FAILED";
            case Outcome.Cancelled o -> "CANCELLED";
            case Outcome.Unknown o -> "UNKNOWN";
        };
    }

    /** The code that goes with it, for machines. */
    public static Optional<String> code(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Done o -> Optional.empty();
            case Outcome.Skipped o -> Optional.of(o.reason().name());
            case Outcome.Stale o -> Optional.empty();
            case Outcome.Failed o -> Optional.of(o.kind().name());
            case Outcome.Cancelled o -> Optional.empty();
            case Outcome.Unknown o -> Optional.empty();
        };
    }

    /** The sentence that goes with it, for people; empty where there is none. */
    public static String message(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Done o -> "";
            case Outcome.Skipped o -> o.message();
            case Outcome.Stale o -> o.message();
            case Outcome.Failed o -> o.message();
            case Outcome.Cancelled o -> "";
            case Outcome.Unknown o -> o.message();
        };
    }
}
