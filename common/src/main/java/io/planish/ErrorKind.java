package io.planish;

/** What went wrong, in the few kinds that decide whether trying again can help; messages are for people only. */
public enum ErrorKind {
    /** The file contradicts the format or itself. */
    MALFORMED_IMAGE,
    /** The file is well formed but uses something this program does not handle. */
    UNSUPPORTED_FEATURE,
    /** A lock of another process stands in the way; trying again later may help. */
    IMAGE_IN_USE,
    /** A file is not what it was when the work was planned; plan again. */
    CHANGED_UNDERNEATH,
    /** A commit into the image was begun and not finished; only that job may go on. */
    HALF_MERGED,
    /** The operation would lose or change data that somebody still sees. */
    UNSAFE,
    /** A name leads outside of what may be opened. */
    OUTSIDE_ROOTS,
    /** A file that is needed does not exist. */
    MISSING,
    /** The filesystem is full or a quota is reached. */
    NO_SPACE,
    /** The operating system reported an error. */
    IO,
    /** This process may no longer act for the job. */
    LEASE_LOST
}
