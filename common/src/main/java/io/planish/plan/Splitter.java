package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.Trait;
import io.planish.plan.Split.Merge;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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

    /** Of equal cost the higher target: a pull can be undone. */
    private static final Comparator<Merge> CHEAPEST = Comparator.comparingLong(Merge::bytes)
            .thenComparing(Comparator.comparingInt(Merge::target).reversed());

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

    /** The cheapest way to make all layers one file; empty: there is none that is allowed. */
    Optional<Merge> whole() {
        return mergesUpTo(layers.size() - 1).stream()
                .filter(merge -> merge.lo() == 0)
                .findFirst();
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

    /** The best allowed merge of each run of at least two layers that ends with {@code top}, the shortest first. */
    private List<Merge> mergesUpTo(int top) {
        Map<Kind, Cost> costs = new LinkedHashMap<>();
        layers.forEach(layer -> costs.computeIfAbsent(Kind.of(layer), kind -> new Cost(owned, layer)));
        List<Merge> merges = new ArrayList<>();
        Map<Kind, Kept> commits = new LinkedHashMap<>();
        boolean mayCommit = true;
        Kept pulledInto = new Kept(top, 0);
        for (int lo = top; lo >= 0 && rule.merges(layers.get(lo)).isEmpty(); lo--) {
            ImageNode layer = layers.get(lo);
            Kept own = new Kept(lo, include(lo, costs));
            if (lo == top) {
                pulledInto = own;
                continue;
            }
            Map<Kind, Kept> targets = new LinkedHashMap<>();
            boolean holdsSnapshots = layer.has(Trait.INTERNAL_SNAPSHOTS);
            if (mayCommit && mayTake(lo, top)) {
                (holdsSnapshots ? targets : commits).merge(Kind.of(layer), own, Kept::better);
            }
            if (holdsSnapshots) {
                commits.clear();
            }
            commits.forEach((kind, kept) -> targets.merge(kind, kept, Kept::better));
            List<Merge> options = new ArrayList<>();
            if (rule.pullsInto(layers.get(top)).isEmpty()) {
                options.add(merge(lo, top, pulledInto, costs));
            }
            for (Kept target : targets.values()) {
                options.add(merge(lo, top, target, costs));
            }
            options.stream().min(CHEAPEST).ifPresent(merges::add);
            mayCommit &= rule.endsView(layer, forest).isEmpty()
                    && rule.goesDown(layer).isEmpty();
        }
        return merges;
    }

    /** Takes a layer in everywhere; returns what it would not have to be given, in its own clusters. */
    private long include(int layer, Map<Kind, Cost> costs) {
        long own = 0;
        for (Map.Entry<Kind, Cost> entry : costs.entrySet()) {
            long visible = entry.getValue().include(layer);
            own = entry.getKey().equals(Kind.of(layers.get(layer))) ? visible : own;
        }
        return own;
    }

    private Merge merge(int lo, int top, Kept target, Map<Kind, Cost> costs) {
        Cost cost = Objects.requireNonNull(costs.get(Kind.of(layers.get(target.layer()))));
        return new Merge(lo, top, target.layer(), cost.bytes(target.clusters()));
    }

    private boolean mayTake(int target, int top) {
        ImageNode image = layers.get(target);
        return rule.endsView(image, forest).isEmpty()
                && rule.commitsInto(image, layers.subList(target + 1, top + 1)).isEmpty()
                && rule.continuesAs(image, layers.get(top), forest).isEmpty();
    }

    /** Targets whose costs are counted alike. */
    private record Kind(int clusterBytes, boolean zeroClusters) {
        static Kind of(ImageNode image) {
            return new Kind(image.clusterSizeBytes(), image.has(Trait.ZERO_CLUSTERS));
        }
    }

    /** A possible target, and how many of the clusters that are to be shown it holds already. */
    private record Kept(int layer, long clusters) {
        /** The one that holds more; of equal ones the higher. */
        Kept better(Kept lower) {
            return lower.clusters() > clusters ? lower : this;
        }
    }
}
