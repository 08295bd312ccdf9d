package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Chooses, from the leaves down, how each segment of a tree is to become shorter: a leaf first loses what it can in its own
 * segment; what is then still too many the trunk below has to lose, once for all its leaves.
 */
final class Choices {
    private final Forest tree;
    private final Policy policy;
    private final SafetyRule rule;
    private final Ownership ownership;
    private final Map<Segment, Split> splits = new IdentityHashMap<>();
    private final Set<Segment> unshared = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Map<ImageRef, Problem> obstacles = new HashMap<>();
    private boolean anyTooDeep;

    /** @param segments each after the one below it */
    Choices(List<Segment> segments, Forest tree, Policy policy, SafetyRule rule, Ownership ownership) {
        this.tree = tree;
        this.policy = policy;
        this.rule = rule;
        this.ownership = ownership;
        Map<Segment, Place> places = new IdentityHashMap<>();
        segments.forEach(segment -> places.put(segment, Place.of(segment, places)));
        Map<Segment, Integer> stillTooMany = new IdentityHashMap<>();
        for (Segment segment : segments.reversed()) {
            int tooMany = segment.above().stream()
                    .mapToInt(above -> stillTooMany.getOrDefault(above, 0))
                    .max()
                    .orElse(0);
            Place place = places.getOrDefault(segment, Place.ROOT);
            stillTooMany.put(segment, choose(segment, Math.max(tooMany, ofLeaf(segment, place))));
        }
    }

    /** Whether any leaf that could be worked on is deeper than the policy wants. */
    boolean anyTooDeep() {
        return anyTooDeep;
    }

    Split split(Segment segment) {
        return splits.getOrDefault(segment, Split.NONE);
    }

    /** Whether the segment's leaf is to get its own copy of what it shares. */
    boolean unshares(Segment segment) {
        return unshared.contains(segment);
    }

    /** By the last image of a segment: why it cannot become as short as it should. */
    Map<ImageRef, Problem> obstacles() {
        return obstacles;
    }

    private int ofLeaf(Segment segment, Place place) {
        if (!segment.endsInLeaf(tree) || segment.last().use() != Use.FREE) {
            return 0;
        }
        int tooMany = Math.max(0, place.files() + segment.size() - policy.maxDepth());
        anyTooDeep |= tooMany > 0;
        boolean sharesTooMuch = tooMany > 0 && place.segments() + 1 > policy.maxDepth();
        if (sharesTooMuch && policy.unshare() && rule.pullsInto(segment.last()).isEmpty()) {
            unshared.add(segment);
            return 0;
        }
        return tooMany;
    }

    /** Makes the segment shorter by up to {@code tooMany} files; returns what is left of them. */
    private int choose(Segment segment, int tooMany) {
        int wanted = Math.min(tooMany, segment.size() - 1);
        if (wanted == 0) {
            return tooMany;
        }
        ImageRef last = segment.last().ref();
        try {
            List<ImageNode> chain = tree.chain(segment.first().ref());
            Layers owned = new Layers(segment.layers(), chain.subList(0, chain.size() - 1), ownership);
            Split split = new Splitter(segment, owned, tree, rule).cheapest(wanted);
            splits.put(segment, split);
            if (split.removed() < wanted) {
                Obstacles.of(segment, tree, rule).ifPresent(problem -> obstacles.put(last, problem));
            }
            return Math.max(0, tooMany - split.removed());
        } catch (IOException e) {
            obstacles.put(last, Obstacles.of(e));
            return tooMany;
        }
    }

    /** How many files and how many segments stand below a segment; each segment keeps at least one file. */
    private record Place(int files, int segments) {
        static final Place ROOT = new Place(0, 0);

        static Place of(Segment segment, Map<Segment, Place> places) {
            return segment.below()
                    .map(below -> {
                        Place place = places.getOrDefault(below, ROOT);
                        return new Place(place.files() + below.size(), place.segments() + 1);
                    })
                    .orElse(ROOT);
        }
    }
}
