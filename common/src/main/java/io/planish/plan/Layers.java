package io.planish.plan;

import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.roaringbitmap.RoaringBitmap;
import org.roaringbitmap.RoaringBitmapWriter;

/**
 * What consecutive layers own, at any cluster size asked for. A layer that is shorter than one above it owns zeroes past its
 * end as far as something deeper reaches, since that is what it makes the guest read.
 */
final class Layers {
    /** As many clusters as a bitmap can tell apart. */
    private static final long NUMBERS = 1L << 32;

    private final List<Owned> owned = new ArrayList<>();
    private final List<ImageNode> nodes;
    private final long belowBytes;
    private final Map<Integer, List<Owned>> scaled = new HashMap<>();

    /**
     * Reads what the layers own. A raw layer, which is never merged, is not looked at.
     *
     * @param nodes base first
     * @param below what stands below them in the chain
     */
    Layers(List<ImageNode> nodes, List<ImageNode> below, Ownership ownership) throws IOException {
        this.belowBytes =
                below.stream().mapToLong(ImageNode::virtualSizeBytes).max().orElse(0);
        this.nodes = nodes;
        for (ImageNode node : nodes) {
            owned.add(
                    node.format() == ImageFormat.RAW
                            ? new Owned(node.clusterSizeBytes(), new RoaringBitmap(), new RoaringBitmap())
                            : ownership.of(node.ref()));
        }
    }

    /** The granularity from {@code clusterBytes} on at which all clusters of the largest disk can be told apart. */
    int countable(int clusterBytes) {
        long largest = nodes.stream().mapToLong(ImageNode::virtualSizeBytes).reduce(belowBytes, Math::max);
        int countable = clusterBytes;
        while (Math.ceilDiv(largest, (long) countable) > NUMBERS) {
            countable = Math.multiplyExact(countable, 2);
        }
        return countable;
    }

    /** All layers, base first, in clusters of {@code clusterBytes}, which are {@link #countable}. */
    List<Owned> at(int clusterBytes) {
        return scaled.computeIfAbsent(clusterBytes, bytes -> {
            List<Owned> all = new ArrayList<>();
            long deepest = ceil(belowBytes, bytes);
            for (int i = 0; i < owned.size(); i++) {
                Owned own = scale(owned.get(i), bytes);
                long end = ceil(nodes.get(i).virtualSizeBytes(), bytes);
                if (end < deepest) {
                    own.zero().add(end, deepest);
                }
                deepest = Math.max(deepest, end);
                all.add(own);
            }
            return all;
        });
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
