package io.planish.chain;

/** What an image's format or content brings along that limits what may be done to it. */
public enum Trait {
    /** It can say «zero» for a cluster without storing one (version 3). */
    ZERO_CLUSTERS,
    /** It holds internal snapshots, which share its clusters. */
    INTERNAL_SNAPSHOTS,
    /** It holds persistent dirty bitmaps, which a backup system relies on. */
    BITMAPS,
    /** One of them was not saved correctly or is not understood, so that none can be carried over into another image. */
    INCONSISTENT_BITMAPS
}
