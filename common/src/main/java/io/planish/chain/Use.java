package io.planish.chain;

/** Who has an image open elsewhere, told by the locks that were held when it was looked at. */
public enum Use {
    FREE,
    /** Somebody reads it and forbids writing: the backing file of a running guest. */
    READ,
    /** Somebody may write it: the active image of a running guest. */
    WRITTEN
}
