package io.planish.plan;

import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import io.planish.chain.Trait;
import java.util.List;

/**
 * Costs where all layers have clusters of one size: a group {@code lo..top} with target {@code t} writes the clusters whose data the top shows from the
 * group, but for those that it shows from {@code t}; where all of them are cloned only zeroes are left to write.
 */
final class EvenCosts implements Costs {
    private final List<ImageNode> path;
    private final Visibility visibility;
    private final long clusterBytes;
    private final boolean standsAlone;
    private final boolean clones;
    private int top;
    private int lo;

    /**
     * @param lowestTop no group ends below it
     * @param standsAlone whether nothing lies below the path
     * @param clones whether data is cloned from any layer into any other
     */
    EvenCosts(
            List<ImageNode> path,
            List<Owned> owned,
            int lowestTop,
            int clusterBytes,
            boolean standsAlone,
            boolean clones) {
        this.path = path;
        this.visibility = Visibility.of(owned, lowestTop);
        this.clusterBytes = clusterBytes;
        this.standsAlone = standsAlone;
        this.clones = clones;
    }

    @Override
    public void top(int layer) {
        top = layer;
    }

    @Override
    public void include(int layer) {
        lo = layer;
    }

    @Override
    public long bytes(int target) {
        boolean readsZeroAnyway = standsAlone && lo == 0 && target == top;
        long zeroes = saysZero(path.get(target)) || readsZeroAnyway ? 0 : visibility.zeroFrom(lo, top);
        return Math.multiplyExact(zeroes + (clones ? 0 : moved(target)), clusterBytes);
    }

    @Override
    public long clonedBytes(int target) {
        return clones ? Math.multiplyExact(moved(target), clusterBytes) : 0;
    }

    /** Clusters of data that come from other layers. */
    private long moved(int target) {
        return visibility.dataFrom(lo, top) - visibility.data(target, top);
    }

    @Override
    public long extraBytes(int target) {
        long hidden = visibility.data(target, target) - visibility.data(target, top);
        return Math.max(0, bytes(target) + clonedBytes(target) - hidden * clusterBytes);
    }

    @Override
    public boolean isAdditive() {
        return true;
    }

    /** Whether zeroes take no cluster in it: by a flag, or as a hole. */
    static boolean saysZero(ImageNode image) {
        return image.has(Trait.ZERO_CLUSTERS) || image.format() == ImageFormat.RAW;
    }
}
