package io.planish.job;

/** Why something was left alone: a code that a machine can match; the sentence with it is for people. */
public enum SkipReason {
    IN_USE,
    SHARED_BASE,
    PROTECTED,
    REFERENCED,
    KEPT,
    BACKING_MISSING,
    BACKING_LOOP,
    BACKING_FORMAT_MISSING,
    AMBIGUOUS_BACKING,
    OUTSIDE_ROOTS,
    HARD_LINKED,
    HALF_MERGED,
    UNREADABLE,
    CORRUPT,
    UNSUPPORTED_FEATURE,
    INTERNAL_SNAPSHOTS,
    NO_SPACE,
    BUDGET,
    BELOW_MIN_DEPTH,
    SHORT_ENOUGH,
    LEFT_OVER,
    READ_ONLY,
    DEPENDENCY,
    HOOK
}
