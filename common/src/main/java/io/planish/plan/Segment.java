package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import java.util.ArrayList;
import java.util.List;

/**
 * A run of images of which each but the last has exactly one overlay; a tree is cut at its forks into segments.
 *
 * @param layers base first, at least one
 * @param above the segments that begin with the overlays of the last layer
 */
record Segment(List<ImageNode> layers, List<Segment> above) {

    /** The tree's segment that begins at {@code root}, and all above it. What cannot be read is left out. */
    static Segment from(ImageNode root, Forest forest) {
        List<ImageNode> layers = new ArrayList<>(List.of(root));
        List<ImageNode> overlays = forest.overlays(root.ref());
        while (overlays.size() == 1 && readable(overlays.getFirst(), layers.getLast(), forest)) {
            layers.add(overlays.getFirst());
            overlays = forest.overlays(layers.getLast().ref());
        }
        ImageNode last = layers.getLast();
        List<Segment> above = overlays.stream()
                .filter(overlay -> readable(overlay, last, forest))
                .map(overlay -> from(overlay, forest))
                .toList();
        return new Segment(List.copyOf(layers), above);
    }

    private static boolean readable(ImageNode overlay, ImageNode backing, Forest forest) {
        return overlay.closesChain().isEmpty()
                && forest.backing(overlay).filter(backing::equals).isPresent();
    }

    ImageNode first() {
        return layers.getFirst();
    }

    ImageNode last() {
        return layers.getLast();
    }

    int size() {
        return layers.size();
    }

    /** Whether it ends in an image without overlays. */
    boolean endsInLeaf(Forest forest) {
        return forest.overlays(last().ref()).isEmpty();
    }
}
