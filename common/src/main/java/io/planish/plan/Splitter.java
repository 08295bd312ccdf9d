package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.Trait;
import io.planish.plan.Split.Merge;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds the cheapest allowed way to make a segment shorter by a number of files: a split into consecutive groups and a target
 * for each.
 *
 * <p>Dynamic programming over (layers so far, files lost so far). In segments of more than {@value #TOPS} layers only so many evenly
 * spread layers, and the lowest ones, are tried as the top of a group.
 */
final class Splitter {
    private static final int TOPS = 64;
    private static final int LOWEST = 8;

    private final List<ImageNode> layers;
    private final Layers owned;
    private final Forest forest;
    private final SafetyRule rule;

    Splitter(Segment segment, Layers owned, Forest forest, SafetyRule rule) {
        this.layers = segment.layers();
        this.owned = owned;
        this.forest = forest;
        this.rule = rule;
    }

    /** The cheapest split that loses at least {@code wanted} files, or as many as can be lost. Of equal ones the one that loses fewer. */
    Split cheapest(int wanted) {
        int n = layers.size();
        long[][] cost = new long[n + 1][n];
        @Nullable Merge[][] last = new Merge[n + 1][n];
        for (long[] row : cost) {
            Arrays.fill(row, Long.MAX_VALUE);
        }
        cost[0][0] = 0;
        TreeSet<Integer> tops = tops();
        for (int top = 0; top < n; top++) {
            System.arraycopy(cost[top], 0, cost[top + 1], 0, n);
            if (tops.contains(top)) {
                for (Merge merge : mergesUpTo(top)) {
                    for (int lost = 0; lost + merge.removed() < n; lost++) {
                        long below = cost[merge.lo()][lost];
                        int all = lost + merge.removed();
                        if (below != Long.MAX_VALUE && below + merge.bytes() < cost[top + 1][all]) {
                            cost[top + 1][all] = below + merge.bytes();
                            last[top + 1][all] = merge;
                        }
                    }
                }
            }
        }
        int lost = best(cost[n], wanted);
        return trace(last, n, lost, cost[n][lost]);
    }

    private static int best(long[] cost, int wanted) {
        int best = -1;
        for (int lost = wanted; lost < cost.length; lost++) {
            if (cost[lost] != Long.MAX_VALUE && (best < 0 || cost[lost] < cost[best])) {
                best = lost;
            }
        }
        for (int lost = wanted - 1; best < 0; lost--) {
            best = cost[lost] != Long.MAX_VALUE ? lost : -1;
        }
        return best;
    }

    private static Split trace(@Nullable Merge[][] last, int n, int lost, long bytes) {
        List<Merge> merges = new ArrayList<>();
        for (int end = n; end > 0; ) {
            Merge merge = last[end][lost];
            if (merge == null) {
                end--;
            } else {
                merges.add(merge);
                end = merge.lo();
                lost -= merge.removed();
            }
        }
        return new Split(merges.reversed(), bytes);
    }

    private TreeSet<Integer> tops() {
        TreeSet<Integer> tops = new TreeSet<>();
        int n = layers.size();
        for (int i = 0; i < Math.min(n, TOPS); i++) {
            tops.add(n - 1 - (int) ((long) i * n / Math.min(n, TOPS)));
        }
        for (int i = 0; i < Math.min(n, LOWEST); i++) {
            tops.add(i);
        }
        return tops;
    }

    /** The best allowed merge of each run of at least two layers that ends with {@code top}. */
    private List<Merge> mergesUpTo(int top) {
        List<Merge> merges = new ArrayList<>();
        Map<Kind, Cost> costs = new HashMap<>();
        Map<Kind, Kept> kept = new HashMap<>();
        layers.forEach(layer -> costs.computeIfAbsent(Kind.of(layer), kind -> new Cost(owned, layer)));
        boolean mayPull = rule.pullsInto(layers.get(top)).isEmpty();
        boolean mayCommit = true;
        for (int lo = top; lo >= 0 && rule.merges(layers.get(lo)).isEmpty(); lo--) {
            ImageNode layer = layers.get(lo);
            Map<Kind, Long> visible = new HashMap<>();
            for (Map.Entry<Kind, Cost> entry : costs.entrySet()) {
                visible.put(entry.getKey(), entry.getValue().include(lo));
            }
            Kind kind = Kind.of(layer);
            boolean isTarget = lo == top ? mayPull : mayCommit && mayTake(lo, top);
            boolean onlyAsLowest = layer.has(Trait.INTERNAL_SNAPSHOTS);
            Kept own = new Kept(lo, visible.getOrDefault(kind, 0L));
            if (isTarget && !onlyAsLowest) {
                kept.merge(kind, own, (old, now) -> now.clusters() > old.clusters() ? now : old);
            }
            if (lo < top) {
                Map<Kind, Kept> candidates = new HashMap<>(kept);
                if (isTarget && onlyAsLowest) {
                    candidates.merge(kind, own, (old, now) -> now.clusters() > old.clusters() ? now : old);
                }
                Merge best = cheapest(lo, top, candidates, costs);
                if (best != null) {
                    merges.add(best);
                }
                mayCommit &= rule.endsView(layer, forest).isEmpty()
                        && rule.losesFile(layer).isEmpty();
            }
        }
        return merges;
    }

    private boolean mayTake(int target, int top) {
        ImageNode image = layers.get(target);
        return rule.endsView(image, forest).isEmpty()
                && rule.commitsInto(image).isEmpty()
                && rule.continuesAs(image, layers.get(top), forest).isEmpty();
    }

    private static @Nullable Merge cheapest(int lo, int top, Map<Kind, Kept> candidates, Map<Kind, Cost> costs) {
        Merge best = null;
        for (Map.Entry<Kind, Kept> entry : candidates.entrySet()) {
            Kept kept = entry.getValue();
            Cost cost = costs.get(entry.getKey());
            Merge merge = new Merge(lo, top, kept.layer(), cost == null ? Long.MAX_VALUE : cost.bytes(kept.clusters()));
            if (best == null
                    || merge.bytes() < best.bytes()
                    || (merge.bytes() == best.bytes() && merge.target() > best.target())) {
                best = merge;
            }
        }
        return best;
    }

    /** Targets whose costs are counted alike. */
    private record Kind(int clusterBytes, boolean zeroClusters) {
        static Kind of(ImageNode image) {
            return new Kind(image.clusterSizeBytes(), image.has(Trait.ZERO_CLUSTERS));
        }
    }

    /** A possible target, and how many of the clusters that are to be shown it holds already. */
    private record Kept(int layer, long clusters) {}
}
