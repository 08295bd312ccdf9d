package io.planish.plan;

import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import io.planish.chain.Trait;
import java.util.List;

/**
 * Costs where all layers have clusters of one size: a group {@code lo..top} with target {@code t} writes the clusters whose data the top shows from the
 * group, but for those that it shows from {@code t}.
 */
final class EvenCosts implements Costs {
    private final List<ImageNode> path;
    private final Visibility visibility;
    private final long clusterBytes;
    private final boolean standsAlone;
    private int top;
    private int lo;

    /** @param standsAlone whether nothing lies below the path */
    EvenCosts(List<ImageNode> path, List<Owned> owned, int clusterBytes, boolean standsAlone) {
        this.path = path;
        this.visibility = Visibility.of(owned);
        this.clusterBytes = clusterBytes;
        this.standsAlone = standsAlone;
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
        long clusters = visibility.dataFrom(lo, top) - visibility.data(target, top);
        boolean readsZeroAnyway = standsAlone && lo == 0 && target == top;
        if (!saysZero(path.get(target)) && !readsZeroAnyway) {
            clusters += visibility.zeroFrom(lo, top);
        }
        return Math.multiplyExact(clusters, clusterBytes);
    }

    @Override
    public long extraBytes(int target) {
        long hidden = visibility.data(target, target) - visibility.data(target, top);
        return Math.max(0, bytes(target) - hidden * clusterBytes);
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
