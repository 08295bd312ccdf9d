package io.planish.chain;

import io.planish.job.SkipReason;

/** Why something about an image keeps it from being handled: a code for machines, a sentence for people. */
public record Problem(SkipReason reason, String sentence) {

    /** Whether a chain cannot even be read through an image that has this problem. */
    public boolean closesChain() {
        return switch (reason) {
            case BACKING_MISSING,
                    BACKING_LOOP,
                    BACKING_FORMAT_MISSING,
                    AMBIGUOUS_BACKING,
                    OUTSIDE_ROOTS,
                    HALF_MERGED,
                    UNREADABLE,
                    CORRUPT,
                    UNSUPPORTED_FEATURE -> true;
            case IN_USE,
                    SHARED_BASE,
                    PROTECTED,
                    REFERENCED,
                    KEPT,
                    HARD_LINKED,
                    INTERNAL_SNAPSHOTS,
                    NO_SPACE,
                    BUDGET,
                    BELOW_MIN_DEPTH,
                    SHORT_ENOUGH,
                    LEFT_OVER,
                    READ_ONLY,
                    DEPENDENCY,
                    HOOK -> false;
        };
    }
}
