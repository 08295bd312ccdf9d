package io.planish.image;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.io.IOException;
import org.roaringbitmap.RoaringBitmap;

/**
 * What one image owns, by guest clusters: bit {@code i} stands for the {@code clusterBytes} from {@code i * clusterBytes} on. The
 * three kinds exclude each other; in none of them: unallocated. Not to be changed.
 *
 * @param clusterBytes the granularity
 * @param data clusters with bytes in the file
 * @param zero clusters that read as zeroes, whatever lies below
 * @param compressed clusters with a compressed stream in the file
 */
public record OwnedClusters(int clusterBytes, RoaringBitmap data, RoaringBitmap zero, RoaringBitmap compressed) {
    private static final long MAX_CLUSTERS = 1L << 31;

    /**
     * Reads the image's tables once, from its start to its end.
     *
     * @param clusterBytes the granularity; where it is coarser than the image's own, a cluster counts as data if it holds any,
     *     else as zero if it holds any
     * @throws ImageException {@code UNSUPPORTED_FEATURE} if the disk has more than 2^31 clusters of that size
     */
    public static OwnedClusters of(Layer layer, int clusterBytes) throws IOException {
        long size = layer.virtualSizeBytes();
        if (size / clusterBytes > MAX_CLUSTERS) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED_FEATURE,
                    layer.name(),
                    "disk of " + size + " bytes in clusters of " + clusterBytes,
                    "at most 2^31 clusters are supported");
        }
        RoaringBitmap data = new RoaringBitmap();
        RoaringBitmap zero = new RoaringBitmap();
        RoaringBitmap compressed = new RoaringBitmap();
        for (long at = 0; at < size; ) {
            Mapping mapping = layer.map(at, size - at);
            long first = at / clusterBytes;
            at += mapping.lengthBytes();
            long end = (at - 1) / clusterBytes + 1;
            switch (mapping.kind()) {
                case UNALLOCATED -> {}
                case ZERO -> zero.add(first, end);
                case DATA -> data.add(first, end);
                case COMPRESSED -> compressed.add(first, end);
            }
        }
        compressed.andNot(data);
        zero.andNot(data);
        zero.andNot(compressed);
        for (RoaringBitmap bitmap : new RoaringBitmap[] {data, zero, compressed}) {
            bitmap.runOptimize();
        }
        return new OwnedClusters(clusterBytes, data, zero, compressed);
    }

    /** At the image's own granularity. */
    public static OwnedClusters of(Layer layer) throws IOException {
        return of(layer, layer.clusterSizeBytes());
    }

    /** All clusters for which the image answers by itself. */
    public RoaringBitmap all() {
        RoaringBitmap all = RoaringBitmap.or(data, zero);
        all.or(compressed);
        return all;
    }
}
