package io.planish.load.bench;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.plan.Owned;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/**
 * What the two kinds of scripts that are in use today would write to the same fleet.
 *
 * @param bytes data that is written
 * @param deeper leaves that end up with more files than wanted
 */
record Scripts(long bytes, int deeper) {

    /** {@code qemu-img rebase} of every leaf onto the lowest file of its chain. What overlays say to be zeroes is written as data. */
    static Scripts rebasingEveryLeaf(Forest forest) {
        long clusters = 0;
        for (ImageNode leaf : forest.leaves()) {
            List<ImageNode> chain = forest.chain(leaf.ref());
            if (chain.size() > 2) {
                RoaringBitmap between = new RoaringBitmap();
                for (ImageNode layer : chain.subList(1, chain.size() - 1)) {
                    Owned owned = Bitmaps.owned(layer.ref());
                    between.or(owned.data());
                    between.or(owned.zero());
                }
                Owned own = Bitmaps.owned(leaf.ref());
                clusters += RoaringBitmap.andNotCardinality(between, RoaringBitmap.or(own.data(), own.zero()));
            }
        }
        return new Scripts(clusters * Bitmaps.CLUSTER_BYTES, 0);
    }

    /** {@code qemu-img commit} of every leaf into the lowest file of its chain that no other leaf uses. */
    static Scripts committingWhatIsPrivate(Forest forest, int wanted) {
        long clusters = 0;
        int deeper = 0;
        for (ImageNode leaf : forest.leaves()) {
            List<ImageNode> chain = forest.chain(leaf.ref());
            int lowest = chain.size() - 1;
            while (lowest > 0 && forest.overlays(chain.get(lowest - 1).ref()).size() == 1) {
                lowest--;
            }
            deeper += lowest + 1 > wanted ? 1 : 0;
            if (chain.size() > wanted) {
                clusters += dataAbove(chain.subList(lowest + 1, chain.size()));
            }
        }
        return new Scripts(clusters * Bitmaps.CLUSTER_BYTES, deeper);
    }

    private static long dataAbove(List<ImageNode> layers) {
        RoaringBitmap seen = new RoaringBitmap();
        long data = 0;
        for (ImageNode layer : layers.reversed()) {
            Owned owned = Bitmaps.owned(layer.ref());
            data += RoaringBitmap.andNotCardinality(owned.data(), seen);
            seen.or(owned.data());
            seen.or(owned.zero());
        }
        return data;
    }
}
