package io.planish.job;

/** How a merge is checked before any backing link changes. */
public enum Verify {
    /** Content, read by an independent path from the new tables, and the target's refcounts. */
    FULL,
    /** The target's tables and refcounts only. */
    METADATA,
    NONE
}
