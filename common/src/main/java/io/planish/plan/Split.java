package io.planish.plan;

import java.util.List;

/**
 * How a path is cut into groups that become one file each.
 *
 * @param merges the groups of more than one layer, lowest first
 */
record Split(List<Merge> merges, Price price) {
    static final Split NONE = new Split(List.of(), Price.NOTHING);

    Split {
        merges = List.copyOf(merges);
    }

    /** Layers {@code lo..top} of the path become one file, {@code target}; all three count from the path's first layer. Bytes as in {@link Costs}. */
    record Merge(int lo, int top, int target, long bytes, long clonedBytes) {}
}
