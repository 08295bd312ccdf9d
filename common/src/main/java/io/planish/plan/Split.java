package io.planish.plan;

import java.util.List;

/**
 * How a segment is cut into groups that become one file each.
 *
 * @param merges the groups of more than one layer, lowest first
 * @param bytes what they write
 */
record Split(List<Merge> merges, long bytes) {
    static final Split NONE = new Split(List.of(), 0);

    Split {
        merges = List.copyOf(merges);
    }

    /** Layers {@code lo..top} of the segment become one file, {@code target}; all three count from the segment's first layer. */
    record Merge(int lo, int top, int target, long bytes) {
        int removed() {
            return top - lo;
        }
    }

    /** How many files fewer. */
    int removed() {
        return merges.stream().mapToInt(Merge::removed).sum();
    }
}
