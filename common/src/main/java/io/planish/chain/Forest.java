package io.planish.chain;

import io.planish.job.SkipReason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * All images of all pools and how they hang together by their backing links. Immutable.
 *
 * <p>Images that back each other in a circle carry the problem {@code BACKING_LOOP}; every method ends all the same. All
 * lists are in the order of addresses where nothing else is said.
 */
public final class Forest {
    private final Map<ImageRef, ImageNode> nodes;
    private final Map<ImageRef, ImageRef> names = new HashMap<>();
    private final Map<ImageRef, List<ImageNode>> overlays;

    /** @param nodes in the order of addresses */
    private Forest(Map<ImageRef, ImageNode> nodes) {
        this.nodes = nodes;
        this.overlays = HashMap.newHashMap(nodes.size());
        for (ImageNode node : nodes.values()) {
            node.otherNames().forEach(name -> names.put(name, node.ref()));
            node.backing().ifPresent(link -> {
                link.image().ifPresent(backing -> addOverlay(backing, node));
                link.alsoLeadsTo().forEach(backing -> addOverlay(backing, node));
            });
        }
        overlays.replaceAll((backing, on) -> List.copyOf(on));
    }

    /** The forest of these images, of which no two have the same address. */
    public static Forest of(Collection<ImageNode> images) {
        Map<ImageRef, ImageNode> nodes = inOrder(images);
        for (ImageRef inLoop : loops(nodes)) {
            nodes.computeIfPresent(inLoop, (ref, node) -> markedAsLoop(node));
        }
        return new Forest(nodes);
    }

    private static Map<ImageRef, ImageNode> inOrder(Collection<ImageNode> images) {
        ImageNode[] sorted = images.toArray(new ImageNode[0]);
        Arrays.sort(sorted, Comparator.comparing(ImageNode::ref));
        Map<ImageRef, ImageNode> nodes = LinkedHashMap.newLinkedHashMap(sorted.length);
        for (ImageNode node : sorted) {
            if (nodes.put(node.ref(), node) != null) {
                throw new IllegalArgumentException(node.ref() + " appears twice");
            }
        }
        return nodes;
    }

    /** The image with this address, or with this other name. */
    public Optional<ImageNode> node(ImageRef name) {
        ImageNode node = nodes.get(name);
        if (node == null) {
            ImageRef resolved = names.get(name);
            node = resolved == null ? null : nodes.get(resolved);
        }
        return Optional.ofNullable(node);
    }

    public Collection<ImageNode> nodes() {
        return Collections.unmodifiableCollection(nodes.values());
    }

    /** The images whose backing file is, or may be, this one. */
    public List<ImageNode> overlays(ImageRef image) {
        return overlays.getOrDefault(image, List.of());
    }

    /** The backing file of an image where it is one of the forest. */
    public Optional<ImageNode> backing(ImageNode image) {
        return image.backingImage().flatMap(this::node);
    }

    /** The chain that ends in {@code top}, base first; it begins above the first file that is missing or seen twice. */
    public List<ImageNode> chain(ImageRef top) {
        List<ImageNode> chain = new ArrayList<>();
        Set<ImageRef> seen = new HashSet<>();
        Optional<ImageNode> at = node(top);
        while (at.isPresent() && seen.add(at.get().ref())) {
            chain.add(at.get());
            at = backing(at.get());
        }
        Collections.reverse(chain);
        return chain;
    }

    /** The first thing, from the top down, that keeps the chain from being read; empty: it can be read. */
    public Optional<Problem> closed(ImageRef top) {
        List<ImageNode> chain = chain(top);
        for (ImageNode node : chain.reversed()) {
            Optional<Problem> problem = node.closesChain();
            if (problem.isPresent()) {
                return problem;
            }
        }
        return Optional.empty();
    }

    /** The images without an overlay, and of each circle of backing files the first image. */
    public List<ImageNode> leaves() {
        List<ImageNode> leaves = new ArrayList<>();
        Set<ImageRef> circled = new HashSet<>();
        for (ImageNode node : nodes.values()) {
            if (overlays(node.ref()).isEmpty()) {
                leaves.add(node);
            } else if (node.problem(SkipReason.BACKING_LOOP).isPresent() && !circled.contains(node.ref())) {
                leaves.add(node);
                chain(node.ref()).forEach(image -> circled.add(image.ref()));
            }
        }
        return leaves;
    }

    /** The part of the forest that the chain of {@code image} and everything above it make up. */
    public Forest around(ImageRef image) {
        Map<ImageRef, ImageNode> part = new HashMap<>();
        List<ImageNode> open = new ArrayList<>();
        node(image).ifPresent(open::add);
        while (!open.isEmpty()) {
            ImageNode node = open.removeLast();
            if (part.put(node.ref(), node) == null) {
                open.addAll(overlays(node.ref()));
            }
        }
        chain(image).forEach(node -> part.put(node.ref(), node));
        return new Forest(inOrder(part.values()));
    }

    /** The trees of the forest: the images that hang together, each tree as a forest of its own. */
    public List<Forest> trees() {
        List<Forest> trees = new ArrayList<>();
        Set<ImageRef> seen = new HashSet<>();
        for (ImageNode start : nodes.values()) {
            List<ImageNode> tree = new ArrayList<>();
            List<ImageNode> open = new ArrayList<>(List.of(start));
            while (!open.isEmpty()) {
                ImageNode node = open.removeLast();
                if (seen.add(node.ref())) {
                    tree.add(node);
                    open.addAll(overlays(node.ref()));
                    node.backing().ifPresent(link -> {
                        link.image().flatMap(this::node).ifPresent(open::add);
                        link.alsoLeadsTo().forEach(also -> node(also).ifPresent(open::add));
                    });
                }
            }
            if (!tree.isEmpty()) {
                trees.add(new Forest(inOrder(tree)));
            }
        }
        return trees;
    }

    private static ImageNode markedAsLoop(ImageNode node) {
        return node.problem(SkipReason.BACKING_LOOP).isPresent()
                ? node
                : node.withProblem(new Problem(
                        SkipReason.BACKING_LOOP,
                        node.ref()
                                + " is, through its backing files, its own backing file (give it another one with qemu-img"
                                + " rebase -u)"));
    }

    private void addOverlay(ImageRef backing, ImageNode overlay) {
        List<ImageNode> on = overlays.computeIfAbsent(backing, absent -> new ArrayList<>(1));
        if (on.isEmpty() || on.getLast() != overlay) {
            on.add(overlay);
        }
    }

    private static Set<ImageRef> loops(Map<ImageRef, ImageNode> nodes) {
        Set<ImageRef> inLoop = new TreeSet<>();
        Map<ImageRef, ImageRef> metFrom = HashMap.newHashMap(nodes.size());
        for (ImageRef start : nodes.keySet()) {
            ImageRef at = start;
            while (at != null && metFrom.putIfAbsent(at, start) == null) {
                at = link(nodes.get(at));
            }
            if (at != null && start.equals(metFrom.get(at))) {
                while (at != null && inLoop.add(at)) {
                    at = link(nodes.get(at));
                }
            }
        }
        return inLoop;
    }

    private static @Nullable ImageRef link(@Nullable ImageNode image) {
        return image == null ? null : image.backingImage().orElse(null);
    }
}
