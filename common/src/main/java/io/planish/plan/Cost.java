package io.planish.plan;

import io.planish.chain.ImageNode;
import io.planish.chain.Trait;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/**
 * What it costs to make one file of layers {@code lo..top}, seen from one top and counted in clusters of one size, while {@code lo} goes
 * down: every cluster that the group shows and the target does not hold already is written once.
 */
final class Cost {
    private final int clusterBytes;
    private final boolean zeroClusters;
    private final List<Owned> layers;
    private final RoaringBitmap seen = new RoaringBitmap();
    private long shown;

    /** Costs for targets of the size and version of {@code like}. */
    Cost(Layers layers, ImageNode like) {
        this(layers, like.clusterSizeBytes(), like.has(Trait.ZERO_CLUSTERS));
    }

    Cost(Layers layers, int clusterBytes, boolean zeroClusters) {
        this.clusterBytes = layers.countable(clusterBytes);
        this.zeroClusters = zeroClusters;
        this.layers = layers.at(this.clusterBytes);
    }

    /**
     * Takes one more layer in, the next lower one.
     *
     * @return the clusters that this layer would not have to be given, were it the target
     */
    long include(int layer) {
        Owned own = layers.get(layer);
        long data = RoaringBitmap.andNotCardinality(own.data(), seen);
        RoaringBitmap zero = RoaringBitmap.andNot(own.zero(), seen);
        zero.andNot(own.data());
        seen.or(own.data());
        seen.or(own.zero());
        shown += data + (zeroClusters ? 0 : zero.getLongCardinality());
        return data;
    }

    /** Bytes to write into a target that already holds {@code kept} clusters of what the layers taken in so far show. */
    long bytes(long kept) {
        return Math.multiplyExact(shown - kept, (long) clusterBytes);
    }
}
