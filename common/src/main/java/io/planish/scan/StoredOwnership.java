package io.planish.scan;

import io.planish.chain.Forest;
import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.image.Images;
import io.planish.image.Layer;
import io.planish.image.OwnedClusters;
import io.planish.image.Qcow2Image;
import io.planish.plan.Owned;
import io.planish.plan.Ownership;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Storage;
import java.io.IOException;
import org.roaringbitmap.RoaringBitmap;

/** Reads from the files themselves what they own, each time anew. Thread-safe. */
final class StoredOwnership implements Ownership {
    /** Filesystems know no smaller holes in a raw file. */
    private static final int RAW_BYTES = 4096;

    private final Storage storage;
    private final PathGate gate;
    private final Forest forest;

    StoredOwnership(Storage storage, PathGate gate, Forest forest) {
        this.storage = storage;
        this.gate = gate;
        this.forest = forest;
    }

    @Override
    public Owned of(ImageRef image) throws IOException {
        boolean raw = forest.node(image)
                .map(ImageNode::format)
                .filter(ImageFormat.RAW::equals)
                .isPresent();
        try (ImageFile file = storage.open(gate.locate(image), Storage.OpenMode.READ)) {
            return owned(file, image, raw);
        }
    }

    /** Of an open file, which is closed then. */
    static Owned owned(ImageFile file, ImageRef image, boolean raw) throws IOException {
        try (Layer layer = Images.open(file, image.toString(), raw ? Images.RAW : Images.QCOW2)) {
            OwnedClusters clusters = raw ? OwnedClusters.of(layer, RAW_BYTES) : OwnedClusters.of(layer);
            return new Owned(
                    clusters.clusterBytes(),
                    RoaringBitmap.or(clusters.data(), clusters.compressed()),
                    clusters.zero(),
                    streams(layer, clusters));
        }
    }

    private static Owned.Streams streams(Layer layer, OwnedClusters clusters) {
        if (!(layer instanceof Qcow2Image image)
                || image.header().geometry().clusterBytes() != clusters.clusterBytes()) {
            return Owned.Streams.NONE;
        }
        String form = image.header().compressionType() + "/" + clusters.clusterBytes();
        return new Owned.Streams(form, clusters.compressed(), clusters.streamBytes());
    }
}
