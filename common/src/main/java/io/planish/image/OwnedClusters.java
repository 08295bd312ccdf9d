package io.planish.image;

import io.planish.qcow2.CompressedDescriptor;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

/**
 * What one image owns, by guest clusters: bit {@code i} stands for the {@code clusterBytes} from {@code i * clusterBytes} on. The
 * three kinds exclude each other; in none of them: unallocated. Not to be changed.
 *
 * @param clusterBytes the granularity
 * @param data clusters with bytes in the file
 * @param zero clusters that read as zeroes, whatever lies below
 * @param compressed clusters with a compressed stream in the file
 * @param streamBytes for each of those, in order, how long its stream is at most: up to its last sector's end, or to where the next one begins; empty
 *     where these are not the image's own clusters
 */
public record OwnedClusters(
        int clusterBytes, RoaringBitmap data, RoaringBitmap zero, RoaringBitmap compressed, int[] streamBytes) {
    /** As many as a bitmap can tell apart. */
    private static final long MAX_CLUSTERS = 1L << 32;

    /**
     * Reads the image's tables once, from its start to its end.
     *
     * @param wantedBytes the granularity, a power of two; where a disk has more than 2^32 clusters of that size it is the next coarser one
     *     that will do. Where it is coarser than the image's own, a cluster counts as data if it holds any, else as zero if it
     *     holds any
     */
    public static OwnedClusters of(Layer layer, int wantedBytes) throws IOException {
        long size = layer.virtualSizeBytes();
        int clusterBytes = wantedBytes;
        while (Math.ceilDiv(size, (long) clusterBytes) > MAX_CLUSTERS) {
            clusterBytes = Math.multiplyExact(clusterBytes, 2);
        }
        RoaringBitmap data = new RoaringBitmap();
        RoaringBitmap zero = new RoaringBitmap();
        RoaringBitmap compressed = new RoaringBitmap();
        Streams streams = new Streams(layer, clusterBytes);
        for (long at = 0; at < size; ) {
            Mapping mapping = layer.map(at, size - at);
            long first = at / clusterBytes;
            at += mapping.lengthBytes();
            long end = (at - 1) / clusterBytes + 1;
            switch (mapping.kind()) {
                case UNALLOCATED -> {}
                case ZERO -> zero.add(first, end);
                case DATA -> data.add(first, end);
                case COMPRESSED -> {
                    compressed.add(first, end);
                    streams.add(mapping);
                }
            }
        }
        compressed.andNot(data);
        zero.andNot(data);
        zero.andNot(compressed);
        for (RoaringBitmap bitmap : new RoaringBitmap[] {data, zero, compressed}) {
            bitmap.runOptimize();
        }
        return new OwnedClusters(clusterBytes, data, zero, compressed, streams.lengths());
    }

    /** At the image's own granularity, where that will do. */
    public static OwnedClusters of(Layer layer) throws IOException {
        return of(layer, layer.granularityBytes());
    }

    /** All clusters for which the image answers by itself. */
    public RoaringBitmap all() {
        RoaringBitmap all = RoaringBitmap.or(data, zero);
        all.or(compressed);
        return all;
    }

    /** Collects how long streams are, in guest order, which is most often the order in the file too. */
    private static final class Streams {
        private final @Nullable Qcow2Image image;
        private int[] lengths = new int[0];
        private int count;
        private long lastOffset;

        Streams(Layer layer, int clusterBytes) {
            boolean ownClusters = layer instanceof Qcow2Image qcow2
                    && qcow2.header().geometry().clusterBytes() == clusterBytes;
            this.image = ownClusters ? (Qcow2Image) layer : null;
        }

        void add(Mapping mapping) {
            if (image == null) {
                return;
            }
            CompressedDescriptor stream = image.descriptor(mapping.hostOffset());
            if (count > 0 && stream.hostOffset() > lastOffset) {
                lengths[count - 1] = (int) Math.min(lengths[count - 1], stream.hostOffset() - lastOffset);
            }
            if (count == lengths.length) {
                lengths = Arrays.copyOf(lengths, Math.max(64, count * 2));
            }
            lengths[count++] = stream.maxLengthBytes();
            lastOffset = stream.hostOffset();
        }

        int[] lengths() {
            return Arrays.copyOf(lengths, count);
        }
    }
}
