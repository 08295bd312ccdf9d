package io.planish.plan;

import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Costs where layers differ in cluster size or end inside a cluster, or where clusters cost less than their size.
 *
 * <p>Seen from one top, let the layers that answer for parts of a cluster of the target be {@code m1 > m2 > …}. A group {@code lo..top} with target
 * {@code t} writes the cluster if it shows any data, {@code m1 >= lo}, and not only {@code t} answers from the group: not ({@code m1 = t} and
 * {@code m2 < lo}). So it is enough to know, for each top, the bytes of clusters by {@code m1}, and by {@code m1} and {@code m2}.
 */
final class MixedCosts implements Costs {
    private final List<ImageNode> chain;
    private final int own;
    private final Sums[] ofTarget;
    /** The same if nothing could be cloned. */
    private final Sums[] uncloned;

    private final Map<Object, Sums> byKind = new HashMap<>();
    private int top;

    /**
     * @param chain down to its base
     * @param own where the path begins in it
     */
    MixedCosts(List<ImageNode> chain, List<Owned> owned, int own, BiPredicate<ImageNode, ImageNode> clones) {
        this.chain = chain;
        this.own = own;
        this.ofTarget = new Sums[chain.size()];
        this.uncloned = new Sums[chain.size()];
        int finest = finest(chain, owned);
        for (int i = own; i < chain.size(); i++) {
            ImageNode image = chain.get(i);
            boolean raw = image.format() == ImageFormat.RAW;
            int clusterBytes = raw ? finest : owned.get(i).clusterBytes();
            String form = raw ? "" : owned.get(i).streams().form();
            uncloned[i] = byKind.computeIfAbsent(
                    List.of(clusterBytes, form),
                    kind -> new Sums(Answers.of(chain, owned, finest, clusterBytes, form, layer -> false)));
            ofTarget[i] = !clones.test(image, image)
                    ? uncloned[i]
                    : byKind.computeIfAbsent(
                            List.of(clusterBytes, form, image.filesystem()),
                            kind -> new Sums(Answers.of(
                                    chain, owned, finest, clusterBytes, form, layer -> clones.test(layer, image))));
        }
        for (int layer = 0; layer < own; layer++) {
            step(layer);
        }
    }

    /** The size of parts within which nothing changes, as far as 512 bytes are enough for that. */
    private static int finest(List<ImageNode> chain, List<Owned> owned) {
        int finest = Integer.MAX_VALUE;
        long longest = 0;
        for (int i = 0; i < chain.size(); i++) {
            longest = Math.max(longest, chain.get(i).virtualSizeBytes());
            finest = Math.min(finest, owned.get(i).clusterBytes());
        }
        for (ImageNode layer : chain) {
            long size = layer.virtualSizeBytes();
            while (size != longest && size % finest != 0 && finest > 512) {
                finest /= 2;
            }
        }
        return finest;
    }

    @Override
    public void top(int layer) {
        top = own + layer;
        step(top);
    }

    private void step(int layer) {
        byKind.values().forEach(sums -> sums.top(layer));
    }

    @Override
    public void include(int layer) {
        byKind.values().forEach(sums -> sums.include(own + layer, top));
    }

    @Override
    public long bytes(int target) {
        return bytes(target, ofTarget);
    }

    @Override
    public long clonedBytes(int target) {
        return bytes(target, uncloned) - bytes(target, ofTarget);
    }

    private long bytes(int target, Sums[] of) {
        int layer = own + target;
        Sums sums = Objects.requireNonNull(of[layer]);
        return sums.shown - sums.kept[layer] + (EvenCosts.saysZero(chain.get(layer)) ? 0 : sums.zeroes);
    }

    @Override
    public long extraBytes(int target) {
        return bytes(target, uncloned);
    }

    @Override
    public boolean isAdditive() {
        return false;
    }

    /** What targets of one kind cost, for the group as it is so far. */
    private static final class Sums {
        private final Answers answers;
        private final long[] first;
        private final long[] zero;
        private final long[] @Nullable [] second;
        private final long[] kept;
        private long shown;
        private long zeroes;

        Sums(Answers answers) {
            int n = answers.layers();
            this.answers = answers;
            this.first = new long[n];
            this.zero = new long[n];
            this.second = new long[n][];
            this.kept = new long[n];
        }

        void top(int layer) {
            answers.apply(layer, first, zero, second);
        }

        void include(int layer, int top) {
            if (layer == top) {
                System.arraycopy(first, 0, kept, 0, kept.length);
                shown = 0;
                zeroes = 0;
            }
            shown += first[layer];
            zeroes += zero[layer];
            long[] both = second[layer];
            for (int target = layer; both != null && target <= top; target++) {
                kept[target] -= both[target];
            }
        }
    }
}
