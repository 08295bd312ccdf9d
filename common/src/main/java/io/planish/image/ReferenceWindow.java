package io.planish.image;

import io.planish.ImageException;
import io.planish.image.MetadataWalk.Use;
import io.planish.qcow2.Header;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.util.function.LongConsumer;

/**
 * Counts the references to the host clusters of one window of the file, so that memory does not grow with the file: the walk
 * is repeated for each window.
 */
final class ReferenceWindow implements MetadataWalk.Visitor {
    /** 128 GiB of a file with 64 KiB clusters; 10 MiB of memory. */
    static final int CLUSTERS = 2 << 20;

    private final int clusterBits;
    private final long first;
    private final int[] counts;
    private final byte[] uses;
    private final LongConsumer overlap;

    /** @param overlap is told a cluster each time it gets a use that excludes one it has */
    ReferenceWindow(int clusterBits, long first, int clusters, LongConsumer overlap) {
        this.clusterBits = clusterBits;
        this.first = first;
        this.counts = new int[clusters];
        this.uses = new byte[clusters];
        this.overlap = overlap;
    }

    /** Is given each window of a file in turn. */
    interface Action {
        void window(ReferenceWindow window) throws IOException;
    }

    /** Follows all references of the image, or some. */
    interface Walk {
        void follow(MetadataWalk walk) throws IOException;
    }

    /**
     * Counts the references in the first {@code fileSizeBytes} of a file, window by window.
     *
     * @param windowClusters a multiple of 64
     */
    static void forEach(ImageFile file, Header header, long fileSizeBytes, int windowClusters, Walk walk, Action action)
            throws IOException {
        long clusters = header.geometry().clusters(fileSizeBytes);
        for (long first = 0; first < clusters; first += windowClusters) {
            int length = (int) Math.min(windowClusters, clusters - first);
            ReferenceWindow window = new ReferenceWindow(header.geometry().clusterBits(), first, length, c -> {});
            walk.follow(new MetadataWalk(file, header, fileSizeBytes, window));
            action.window(window);
        }
    }

    @Override
    public void reference(Use use, long offset, long lengthBytes) {
        long from = Math.max(first, offset >>> clusterBits);
        long to = Math.min(first + counts.length - 1, (offset + lengthBytes - 1) >>> clusterBits);
        for (long cluster = from; cluster <= to; cluster++) {
            int i = (int) (cluster - first);
            byte mark = (byte) (use.ordinal() + 1);
            if (uses[i] != 0 && (uses[i] != mark || use == Use.METADATA)) {
                overlap.accept(cluster);
            }
            uses[i] = mark;
            counts[i] = counts[i] == Integer.MAX_VALUE ? Integer.MAX_VALUE : counts[i] + 1;
        }
    }

    @Override
    public void unsound(ImageException what) {}

    long first() {
        return first;
    }

    int size() {
        return counts.length;
    }

    int count(int index) {
        return counts[index];
    }
}
