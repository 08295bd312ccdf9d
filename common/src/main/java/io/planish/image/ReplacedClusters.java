package io.planish.image;

import io.planish.storage.ImageFile;
import java.io.IOException;
import java.util.Arrays;

/** Host clusters that a batch refers to no more, once for each reference. Not thread-safe. */
final class ReplacedClusters {
    /** No filesystem gives less back. */
    private static final int BLOCK_BYTES = 4096;

    private final ImageFile file;
    private final RefcountMap refcounts;
    private final int clusterBytes;
    private long[] clusters = new long[64];
    private int count;

    ReplacedClusters(ImageFile file, RefcountMap refcounts, int clusterBytes) {
        this.file = file;
        this.refcounts = refcounts;
        this.clusterBytes = clusterBytes;
    }

    /** Every cluster that {@code offset .. offset + lengthBytes} touches has one reference less from the next flush on; none if it is empty. */
    void add(long offset, long lengthBytes) {
        long last = Math.floorDiv(offset + lengthBytes - 1, (long) clusterBytes);
        for (long cluster = offset / clusterBytes; cluster <= last; cluster++) {
            if (count == clusters.length) {
                clusters = Arrays.copyOf(clusters, 2 * count);
            }
            clusters[count++] = cluster;
        }
    }

    /** Lowers their counts, durably, and only then lets the filesystem have what is free; nothing durable refers to them any more. */
    void giveBack() throws IOException {
        if (count == 0) {
            return;
        }
        Arrays.sort(clusters, 0, count);
        int free = 0;
        for (int i = 0; i < count; i++) {
            if (refcounts.lower(clusters[i])) {
                clusters[free++] = clusters[i];
            }
        }
        count = 0;
        refcounts.writeBlocks();
        file.sync();
        for (int i = 0; i < free; ) {
            int end = i + 1;
            while (end < free && clusters[end] == clusters[i] + (end - i)) {
                end++;
            }
            punch(clusters[i] * clusterBytes, (clusters[end - 1] + 1) * clusterBytes);
            i = end;
        }
    }

    /** Small clusters that were free already join in, since the filesystem frees whole blocks only. */
    private void punch(long start, long end) throws IOException {
        long from = start;
        while (from % BLOCK_BYTES != 0 && refcounts.get(from / clusterBytes - 1) == 0) {
            from -= clusterBytes;
        }
        long to = end;
        while (to % BLOCK_BYTES != 0 && refcounts.get(to / clusterBytes) == 0) {
            to += clusterBytes;
        }
        to = Math.min(to, file.sizeBytes());
        if (from < to) {
            file.punch(from, to - from);
        }
    }
}
