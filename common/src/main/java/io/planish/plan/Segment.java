package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A run of images of which each but the last has exactly one overlay; a tree is cut at its forks into segments. Told apart by
 * identity.
 */
final class Segment {
    private final List<ImageNode> layers;
    private final Optional<Segment> below;
    private final List<Segment> above = new ArrayList<>();

    /** @param layers base first, at least one */
    Segment(List<ImageNode> layers, Optional<Segment> below) {
        this.layers = List.copyOf(layers);
        this.below = below;
    }

    /**
     * The segments of all that can be read and hangs on {@code root}, each after the one below it; of those above one fork the ones that
     * end in a leaf come first, each kind in the order of addresses.
     */
    static List<Segment> all(ImageNode root, Forest forest) {
        List<Segment> all = new ArrayList<>();
        Deque<Segment> open = new ArrayDeque<>(List.of(new Segment(run(root, forest), Optional.empty())));
        while (!open.isEmpty()) {
            Segment segment = open.pop();
            all.add(segment);
            ImageNode last = segment.last();
            forest.overlays(last.ref()).stream()
                    .filter(overlay -> readable(overlay, last, forest))
                    .map(overlay -> new Segment(run(overlay, forest), Optional.of(segment)))
                    .sorted(Comparator.comparing(child -> !child.endsInLeaf(forest)))
                    .forEach(segment.above::add);
            segment.above.reversed().forEach(open::push);
        }
        return all;
    }

    private static List<ImageNode> run(ImageNode first, Forest forest) {
        List<ImageNode> layers = new ArrayList<>(List.of(first));
        List<ImageNode> overlays = forest.overlays(first.ref());
        while (overlays.size() == 1 && readable(overlays.getFirst(), layers.getLast(), forest)) {
            layers.add(overlays.getFirst());
            overlays = forest.overlays(layers.getLast().ref());
        }
        return layers;
    }

    private static boolean readable(ImageNode overlay, ImageNode backing, Forest forest) {
        return overlay.closesChain().isEmpty()
                && forest.backing(overlay).filter(backing::equals).isPresent();
    }

    /** Base first. */
    List<ImageNode> layers() {
        return layers;
    }

    /** The segment whose last image is the backing file of the first one here. */
    Optional<Segment> below() {
        return below;
    }

    /** The segments that begin with an overlay of the last image. */
    List<Segment> above() {
        return above;
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
