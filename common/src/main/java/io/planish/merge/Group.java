package io.planish.merge;

/**
 * The run {@code lo..hi} of a chain that becomes one file, {@code target}; all are indexes in the chain, base first.
 *
 * @param granularityBytes of the target: its cluster size, its subcluster size if it has subclusters
 * @param hasZeroClusters whether the target's format can say «zero» without data (v3)
 */
public record Group(int lo, int hi, int target, int granularityBytes, boolean hasZeroClusters) {
    public Group {
        if (lo < 0 || lo > target || target > hi) {
            throw new IllegalArgumentException("target " + target + " is not within " + lo + ".." + hi);
        }
    }
}
