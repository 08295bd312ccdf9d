package io.planish.plan;

import io.planish.chain.ImageNode;
import java.util.ArrayList;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;
import org.roaringbitmap.RoaringBitmapWriter;

/**
 * What consecutive layers own, at any cluster size asked for. A layer that is shorter than one above it owns zeroes past its
 * end as far as something deeper reaches, since that is what it makes the guest read.
 */
final class Layers {
    /** As many clusters as a bitmap can tell apart. */
    private static final long NUMBERS = 1L << 32;

    private final List<Owned> owned;
    private final List<ImageNode> nodes;
    private final long belowBytes;

    /**
     * @param nodes base first
     * @param below what stands below them in the chain
     * @param owned what each of the nodes owns
     */
    Layers(List<ImageNode> nodes, List<ImageNode> below, List<Owned> owned) {
        this.belowBytes =
                below.stream().mapToLong(ImageNode::virtualSizeBytes).max().orElse(0);
        this.nodes = nodes;
        this.owned = owned;
    }

    /** All layers, base first, in clusters of {@code clusterBytes}. */
    List<Owned> at(int clusterBytes) {
        List<Owned> all = new ArrayList<>();
        long deepest = ceil(belowBytes, clusterBytes);
        for (int i = 0; i < owned.size(); i++) {
            Owned own = owned.get(i).clusterBytes() == clusterBytes ? owned.get(i) : scale(owned.get(i), clusterBytes);
            long end = ceil(nodes.get(i).virtualSizeBytes(), clusterBytes);
            if (end < deepest) {
                RoaringBitmap zero = own.zero().clone();
                zero.add(end, deepest);
                own = new Owned(clusterBytes, own.data(), zero);
            }
            deepest = Math.max(deepest, end);
            all.add(own);
        }
        return all;
    }

    private static long ceil(long bytes, int clusterBytes) {
        return Math.ceilDiv(bytes, (long) clusterBytes);
    }

    /** Data is every cluster with any byte of its own that is not certainly part of a whole cluster of zeroes. */
    static Owned scale(Owned own, int clusterBytes) {
        if (own.clusterBytes() >= clusterBytes) {
            int factor = own.clusterBytes() / clusterBytes;
            return new Owned(clusterBytes, finer(own.data(), factor), finer(own.zero(), factor));
        }
        int factor = clusterBytes / own.clusterBytes();
        RoaringBitmap data = coarser(own.data(), factor, 1);
        RoaringBitmap zero = coarser(own.zero(), factor, factor);
        data.or(RoaringBitmap.andNot(coarser(own.zero(), factor, 1), zero));
        return new Owned(clusterBytes, data, zero);
    }

    private static RoaringBitmap finer(RoaringBitmap clusters, int factor) {
        if (factor == 1) {
            return clusters.clone();
        }
        RoaringBitmap result = new RoaringBitmap();
        clusters.forEach((int cluster) -> {
            long first = Integer.toUnsignedLong(cluster) * factor;
            result.add(Math.min(NUMBERS, first), Math.min(NUMBERS, first + factor));
        });
        return result;
    }

    /** Clusters of which at least {@code needed} of the {@code factor} parts are set. */
    private static RoaringBitmap coarser(RoaringBitmap parts, int factor, int needed) {
        RoaringBitmapWriter<RoaringBitmap> result = RoaringBitmapWriter.writer().get();
        long current = -1;
        int count = 0;
        for (var it = parts.getIntIterator(); it.hasNext(); ) {
            long cluster = Integer.toUnsignedLong(it.next()) / factor;
            count = cluster == current ? count + 1 : 1;
            current = cluster;
            if (count == needed) {
                result.add((int) cluster);
            }
        }
        return result.get();
    }
}
