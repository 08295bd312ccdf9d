package io.planish.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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

    private final Targets targets;
    private final Costs costs;
    private final long[][] bytes;
    private final long[][] extra;
    private final int[][] jobs;
    /** The last file of each best way; null: one layer as it is. */
    private final Split.@Nullable Merge[][] last;

    private final int[] live;
    private int alive;

    /**
     * @param start where ways begin: the first layer that is not yet part of a file, for each number of files that may stand below it; -1:
     *     that number may not
     * @param most how many files are of interest, those below included
     */
    Splitter(Targets targets, Costs costs, int[] start, int most) {
        int n = targets.path().size();
        this.targets = targets;
        this.costs = costs;
        this.bytes = new long[most + 1][n + 1];
        this.extra = new long[most + 1][n + 1];
        this.jobs = new int[most + 1][n + 1];
        this.last = new Split.Merge[most + 1][n + 1];
        this.live = new int[n];
        for (long[] row : bytes) {
            Arrays.fill(row, NONE);
        }
        int lowest = n;
        for (int files = 0; files < Math.min(start.length, most + 1); files++) {
            if (start[files] >= 0) {
                bytes[files][start[files]] = 0;
                lowest = Math.min(lowest, start[files]);
            }
        }
        for (int top = lowest; top < n; top++) {
            costs.top(top);
            if (top >= targets.own()) {
                groupsUpTo(top, lowest);
            }
        }
    }

    /** How many files it has prices for at most. */
    int most() {
        return bytes.length - 1;
    }

    /** What it costs that there are so many files in the end; empty: there cannot be. */
    Optional<Price> price(int files) {
        int n = targets.path().size();
        return files >= bytes.length || bytes[files][n] == NONE
                ? Optional.empty()
                : Optional.of(new Price(bytes[files][n], jobs[files][n], extra[files][n]));
    }

    /** The cheapest way to that many files, for which there is a price. */
    Split split(int files) {
        List<Split.Merge> merges = new ArrayList<>();
        int end = targets.path().size();
        for (int left = files; end > targets.own(); left--) {
            Split.Merge merge = last[left][end];
            if (merge == null) {
                end--;
            } else {
                merges.add(merge);
                end = merge.lo();
            }
        }
        return new Split(merges.reversed(), price(files).orElseThrow());
    }

    private void groupsUpTo(int top, int lowest) {
        boolean pulls = targets.pullsInto(top);
        int[] below = targets.below(top);
        int next = 0;
        alive = 0;
        for (int lo = top; lo >= lowest && (pulls || alive > 0 || next < below.length || lo == top); lo--) {
            costs.include(lo);
            if (lo == top) {
                keepAsItIs(top);
                continue;
            }
            dropThoseThatTakeNothingFromBelow();
            if (next < below.length && below[next] == lo) {
                add(below[next++]);
            }
            group(lo, top, pulls);
        }
    }

    private void keepAsItIs(int layer) {
        for (int files = 0; files + 1 < bytes.length; files++) {
            if (bytes[files][layer] < bytes[files + 1][layer + 1]) {
                bytes[files + 1][layer + 1] = bytes[files][layer];
                extra[files + 1][layer + 1] = extra[files][layer];
                jobs[files + 1][layer + 1] = jobs[files][layer];
                last[files + 1][layer + 1] = null;
            }
        }
    }

    private void dropThoseThatTakeNothingFromBelow() {
        int kept = 0;
        for (int i = 0; i < alive; i++) {
            if (targets.pullsInto(live[i])) {
                live[kept++] = live[i];
            }
        }
        alive = kept;
    }

    /** One more possible target; where only the better of two can ever win, the other one goes. */
    private void add(int target) {
        boolean stays = targets.pullsInto(target);
        for (int i = 0; costs.isAdditive() && stays && i < alive; i++) {
            boolean alike = EvenCosts.saysZero(targets.path().get(live[i]))
                    == EvenCosts.saysZero(targets.path().get(target));
            if (alike) {
                if (better(target, live[i])) {
                    live[i] = target;
                }
                return;
            }
        }
        live[alive++] = target;
    }

    /** Of two that are alike the higher one: fewer views end, and what is pulled can be had back from the trash. */
    private boolean better(int target, int other) {
        long more = costs.bytes(target) - costs.bytes(other);
        if (more == 0) {
            more = costs.extraBytes(target) - costs.extraBytes(other);
        }
        return more < 0 || more == 0 && target > other;
    }

    private void group(int lo, int top, boolean pulls) {
        int target = pulls ? top : -1;
        for (int i = 0; i < alive; i++) {
            if (target < 0 || better(live[i], target)) {
                target = live[i];
            }
        }
        if (target < 0) {
            return;
        }
        long writes = costs.bytes(target);
        long grows = costs.extraBytes(target);
        Split.Merge merge = null;
        for (int files = 0; files + 1 < bytes.length; files++) {
            if (bytes[files][lo] != NONE && improves(files, lo, writes, grows, top + 1)) {
                merge = merge == null ? new Split.Merge(lo, top, target, writes, costs.clonedBytes(target)) : merge;
                bytes[files + 1][top + 1] = bytes[files][lo] + writes;
                extra[files + 1][top + 1] = extra[files][lo] + grows;
                jobs[files + 1][top + 1] = jobs[files][lo] + 1;
                last[files + 1][top + 1] = merge;
            }
        }
    }

    private boolean improves(int files, int lo, long writes, long grows, int end) {
        long known = bytes[files + 1][end];
        long all = bytes[files][lo] + writes;
        if (all != known) {
            return all < known;
        }
        int more = jobs[files][lo] + 1 - jobs[files + 1][end];
        return more < 0 || more == 0 && extra[files][lo] + grows < extra[files + 1][end];
    }
}
