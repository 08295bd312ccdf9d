package io.planish.plan;

import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Reads what the layers of a path own and finds the way to count what merging them writes. */
final class CostModel {
    /** Smaller clusters than a filesystem's blocks cannot be cloned. */
    static final int BLOCK_BYTES = 4096;

    private final Snapshot snapshot;
    private final Ownership ownership;

    /** @param ownership the snapshot's, or one that remembers it */
    CostModel(Snapshot snapshot, Ownership ownership) {
        this.snapshot = snapshot;
        this.ownership = ownership;
    }

    /**
     * @param path base first
     * @param lowestTop the lowest layer of the path that groups end with
     * @param below what stands below it in the chain
     */
    Costs of(List<ImageNode> path, int lowestTop, List<ImageNode> below) throws IOException {
        List<Owned> owned = new ArrayList<>();
        for (ImageNode layer : path) {
            owned.add(ownership.of(layer.ref()));
        }
        int clusterBytes = commonClusterBytes(path, owned);
        boolean anyStreams =
                owned.stream().anyMatch(own -> !own.streams().clusters().isEmpty());
        boolean anyClones = path.stream().anyMatch(layer -> clones(layer, layer));
        boolean allClone = anyClones && cloneAll(path, clusterBytes);
        if (clusterBytes > 0 && haveEvenEnds(path, clusterBytes) && !anyStreams && anyClones == allClone) {
            return new EvenCosts(
                    path,
                    new Layers(path, below, owned).at(clusterBytes),
                    lowestTop,
                    clusterBytes,
                    below.isEmpty(),
                    allClone);
        }
        List<ImageNode> chain = new ArrayList<>(below);
        chain.addAll(path);
        List<Owned> all = new ArrayList<>();
        for (ImageNode layer : below) {
            all.add(ownership.of(layer.ref()));
        }
        all.addAll(owned);
        return new MixedCosts(chain, all, below.size(), this::clones);
    }

    /** Whether data can be shared between the two instead of copied. */
    boolean clones(ImageNode from, ImageNode to) {
        return from.filesystem() == to.filesystem()
                && snapshot.pools().stream().anyMatch(pool -> pool.filesystem() == to.filesystem() && pool.clones());
    }

    /** The cluster size of all layers that have one; 0: they differ. */
    private static int commonClusterBytes(List<ImageNode> path, List<Owned> owned) {
        int common = 0;
        for (int i = 0; i < path.size(); i++) {
            if (path.get(i).format() == ImageFormat.QCOW2) {
                int bytes = owned.get(i).clusterBytes();
                if (common != 0 && common != bytes) {
                    return 0;
                }
                common = bytes;
            }
        }
        return common;
    }

    /** Whether no layer ends inside a cluster that goes on in another one, or of which a raw layer has a part only. */
    private static boolean haveEvenEnds(List<ImageNode> path, int clusterBytes) {
        long size = path.getFirst().virtualSizeBytes();
        boolean anyRaw = path.stream().anyMatch(layer -> layer.format() == ImageFormat.RAW);
        return !anyRaw && path.stream().allMatch(layer -> layer.virtualSizeBytes() == size)
                || path.stream().allMatch(layer -> layer.virtualSizeBytes() % clusterBytes == 0);
    }

    /** Whether each cluster of data of any layer can be cloned, whole, into any other layer. */
    private boolean cloneAll(List<ImageNode> path, int clusterBytes) {
        return clusterBytes >= BLOCK_BYTES
                && path.stream()
                        .allMatch(layer -> clones(layer, path.getFirst())
                                && layer.format() == ImageFormat.QCOW2
                                && layer.virtualSizeBytes() % clusterBytes == 0);
    }
}
