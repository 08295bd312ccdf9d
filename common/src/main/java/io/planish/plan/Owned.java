package io.planish.plan;

import org.roaringbitmap.RoaringBitmap;

/**
 * What one image owns by itself, as sets of cluster numbers.
 *
 * @param clusterBytes the size of one cluster, a power of two
 * @param data clusters with content of their own, compressed ones too
 * @param zero clusters that read as zeroes, whatever lies below
 * @param streams which of the clusters with data are compressed
 */
public record Owned(int clusterBytes, RoaringBitmap data, RoaringBitmap zero, Streams streams) {

    /** An image without compressed clusters, into which none can be taken over as it is. */
    public Owned(int clusterBytes, RoaringBitmap data, RoaringBitmap zero) {
        this(clusterBytes, data, zero, Streams.NONE);
    }

    /**
     * The compressed clusters of an image.
     *
     * @param form two images with the same one, which is not empty, can take over each other's compressed clusters as they are
     * @param clusters their numbers
     * @param lengthBytes for each of them, in order, how long its stream is at most
     */
    public record Streams(String form, RoaringBitmap clusters, int[] lengthBytes) {
        public static final Streams NONE = new Streams("", new RoaringBitmap(), new int[0]);

        boolean fit(Streams other) {
            return !form.isEmpty() && form.equals(other.form);
        }
    }
}
