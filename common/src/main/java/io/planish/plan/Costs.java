package io.planish.plan;

/**
 * What merges of a path of layers write. Asked in one order: for each top in turn, from the lowest up, one layer after the other is taken into the
 * group, from the top down; then any layer of the group is the target.
 */
interface Costs {
    /** Begins with groups that end with this layer; after the one below it. */
    void top(int layer);

    /** Takes the next lower layer into the group, the first time the top itself. */
    void include(int layer);

    /** Bytes of clusters that are written if this layer of the group is the target. */
    long bytes(int target);

    /** Bytes of clusters that it shares with other layers from then on, instead of being written. */
    long clonedBytes(int target);

    /** Bytes by which that target grows at most, cloned ones too. */
    long extraBytes(int target);

    /** Whether two targets that count alike differ by the same bytes in every group below one top. */
    boolean isAdditive();
}
