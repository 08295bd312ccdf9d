package io.planish.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Finds the cheapest allowed way to make a given number of files of a path's layers: a split into consecutive groups, and a target for each.
 *
 * <p>{@code best(k, i)} is the least price of making {@code k} files of the layers below {@code i}:
 *
 * <pre>
 *   best(0, 0)       = nothing
 *   best(k, top + 1) = min over lo of  best(k - 1, lo) + group(lo, top)
 *   group(lo, top)   = nothing where lo = top, else min over the allowed targets of what is written into them
 * </pre>
 *
 * <p>That is the optimum: whatever jobs lead there, in the end each file holds what its group shows at the top, and each cluster of that which
 * its target did not own before has been written into it at least once; one job per group writes each exactly once. Takes O(n²·k)
 * steps for n layers, whatever they own.
 */
final class Splitter {
    private static final long NONE = Long.MAX_VALUE;

    private final Groups groups;
    private final long[][] bytes;
    private final long[][] extra;
    private final int[][] jobs;
    /** Where the last file of each best way begins. */
    private final int[][] last;

    /**
     * @param start where ways begin: the first layer that is not yet part of a file, for each number of files that may stand below it
     * @param most how many files are of interest, those below included
     */
    Splitter(Groups groups, int[] start, int most) {
        int n = groups.layers();
        this.groups = groups;
        this.bytes = new long[most + 1][n + 1];
        this.extra = new long[most + 1][n + 1];
        this.jobs = new int[most + 1][n + 1];
        this.last = new int[most + 1][n + 1];
        for (long[] row : bytes) {
            Arrays.fill(row, NONE);
        }
        int lowest = n;
        for (int files = 0; files < Math.min(start.length, most + 1); files++) {
            bytes[files][start[files]] = 0;
            lowest = Math.min(lowest, start[files]);
        }
        for (int top = Math.max(lowest, groups.own()); top < n; top++) {
            improve(top, top, 0, 0, 0);
            for (int lo = top - 1; lo >= lowest; lo--) {
                if (groups.has(lo, top)) {
                    improve(lo, top, groups.bytes(lo, top), groups.extraBytes(lo, top), 1);
                }
            }
        }
    }

    /** How many files it has prices for at most. */
    int most() {
        return bytes.length - 1;
    }

    /** What it costs that there are so many files in the end; empty: there cannot be. */
    Optional<Price> price(int files) {
        int n = groups.layers();
        return files >= bytes.length || bytes[files][n] == NONE
                ? Optional.empty()
                : Optional.of(new Price(bytes[files][n], jobs[files][n], extra[files][n]));
    }

    /** The cheapest way to that many files, for which there is a price. */
    Split split(int files) {
        List<Split.Merge> merges = new ArrayList<>();
        int left = files;
        for (int end = groups.layers(); end > groups.own(); left--) {
            int lo = last[left][end];
            if (lo < end - 1) {
                merges.add(groups.merge(lo, end - 1));
            }
            end = lo;
        }
        return new Split(merges.reversed(), price(files).orElseThrow());
    }

    private void improve(int lo, int top, long writes, long grows, int takes) {
        for (int files = 0; files + 1 < bytes.length; files++) {
            if (bytes[files][lo] != NONE && isBetter(files, lo, writes, grows, takes, top + 1)) {
                bytes[files + 1][top + 1] = bytes[files][lo] + writes;
                extra[files + 1][top + 1] = extra[files][lo] + grows;
                jobs[files + 1][top + 1] = jobs[files][lo] + takes;
                last[files + 1][top + 1] = lo;
            }
        }
    }

    private boolean isBetter(int files, int lo, long writes, long grows, int takes, int end) {
        long known = bytes[files + 1][end];
        long all = bytes[files][lo] + writes;
        if (all != known) {
            return all < known;
        }
        int more = jobs[files][lo] + takes - jobs[files + 1][end];
        return more < 0 || more == 0 && extra[files][lo] + grows < extra[files + 1][end];
    }
}
