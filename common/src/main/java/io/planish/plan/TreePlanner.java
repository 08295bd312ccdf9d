package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import io.planish.job.Job;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Plans one tree.
 *
 * <ol>
 *   <li>From the leaves down each segment is told by how many files it has to become shorter: a leaf first loses what it can in
 *       its own segment; what is then still too many the trunk below has to lose, once for all its leaves.
 *   <li>From the root up jobs are written for the chosen splits. So a trunk's jobs come before those of the
 *       segments above, which depend on them.
 * </ol>
 */
final class TreePlanner {
    private final Snapshot snapshot;
    private final Policy policy;
    private final SafetyRule rule;
    private final Space space;
    private final JobMaker maker;
    private final Forest tree;

    private final Map<Segment, Split> splits = new IdentityHashMap<>();
    private final Map<ImageRef, Problem> obstacles = new HashMap<>();
    private final Set<Segment> unshared = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Map<ImageRef, ImageRef> contentOf = new HashMap<>();
    private final Set<ImageRef> trunkImages = new HashSet<>();
    private final Map<ImageRef, Owned> trunks = new HashMap<>();
    private final Map<ImageRef, Long> unsharingCosts = new HashMap<>();
    private final List<Job> jobs = new ArrayList<>();
    private final Map<ImageRef, Integer> depths = new HashMap<>();

    TreePlanner(Snapshot snapshot, Policy policy, SafetyRule rule, Space space, JobMaker maker, Forest tree) {
        this.snapshot = snapshot;
        this.policy = policy;
        this.rule = rule;
        this.space = space;
        this.maker = maker;
        this.tree = tree;
    }

    void plan() {
        for (ImageNode root : tree.nodes()) {
            if (root.backing().isEmpty() && rule.reads(root).isEmpty()) {
                Segment segment = Segment.from(root, tree);
                decide(segment, 0, 0);
                if (!splits.isEmpty() || !unshared.isEmpty()) {
                    write(segment, tree.around(root.ref()));
                }
            }
        }
    }

    List<Job> jobs() {
        return jobs;
    }

    /** What a segment that ends with this image could not do, if anything. */
    Optional<Problem> obstacle(ImageRef segmentEnd) {
        return Optional.ofNullable(obstacles.get(segmentEnd));
    }

    /** What it would write to give a leaf its own copy of all that it shares too much of. */
    Optional<Long> unsharingCost(ImageNode leaf) {
        return Optional.ofNullable(unsharingCosts.get(leaf.ref()));
    }

    int depthAfter(ImageNode leaf) {
        return depths.getOrDefault(leaf.ref(), tree.chain(leaf.ref()).size());
    }

    /**
     * Chooses the splits of a segment and of all above it.
     *
     * @param below files below the segment
     * @param segmentsBelow segments below it, each of which keeps at least one file
     * @return by how many files some leaf above is then still too deep
     */
    private int decide(Segment segment, int below, int segmentsBelow) {
        int depth = below + segment.size();
        int need = 0;
        if (segment.endsInLeaf(tree)) {
            need = segment.last().use() == Use.FREE ? Math.max(0, depth - policy.maxDepth()) : 0;
            boolean sharesTooMuch = need > 0 && segmentsBelow + 1 > policy.maxDepth();
            if (sharesTooMuch
                    && policy.unshare()
                    && rule.pullsInto(segment.last()).isEmpty()) {
                unshared.add(segment);
                return 0;
            }
        }
        if (!segment.above().isEmpty()) {
            segment.layers().forEach(layer -> trunkImages.add(layer.ref()));
        }
        for (Segment above : segment.above()) {
            need = Math.max(need, decide(above, depth, segmentsBelow + 1));
        }
        int wanted = Math.min(need, segment.size() - 1);
        if (wanted == 0) {
            return need;
        }
        Split split = split(segment, wanted);
        splits.put(segment, split);
        if (split.removed() < wanted && !obstacles.containsKey(segment.last().ref())) {
            Obstacles.of(segment, tree, rule)
                    .ifPresent(problem -> obstacles.put(segment.last().ref(), problem));
        }
        return Math.max(0, need - split.removed());
    }

    private Split split(Segment segment, int wanted) {
        try {
            List<ImageNode> chain = tree.chain(segment.first().ref());
            Layers owned = new Layers(segment.layers(), chain.subList(0, chain.size() - 1), this::owned);
            return new Splitter(segment, owned, tree, rule).cheapest(wanted);
        } catch (IOException e) {
            obstacles.put(segment.last().ref(), Obstacles.of(e));
            return Split.NONE;
        }
    }

    private void write(Segment segment, Forest before) {
        Forest now = before;
        for (Split.Merge merge : splits.getOrDefault(segment, Split.NONE).merges()) {
            ImageNode lowest = node(now, segment, merge.lo());
            now = add(
                    segment,
                    now,
                    now.backing(lowest),
                    node(now, segment, merge.target()),
                    node(now, segment, merge.top()),
                    merge.bytes());
        }
        if (unshared.contains(segment)) {
            Optional<Unsharing> way = unsharing(segment, now);
            if (way.isPresent()) {
                now = add(
                        segment,
                        now,
                        way.get().base(),
                        way.get().target(),
                        segment.last(),
                        way.get().bytes());
            }
        }
        noteDepths(segment, now);
        for (Segment above : segment.above()) {
            write(above, now.around(above.first().ref()));
        }
    }

    private Forest add(
            Segment segment, Forest now, Optional<ImageNode> base, ImageNode target, ImageNode top, long bytes) {
        Job job = maker.make(now, base, target, top, bytes);
        Optional<Problem> obstacle = rule.check(job, now).or(() -> space.take(target, job.bytesToWrite()));
        if (obstacle.isPresent()) {
            obstacles.put(segment.last().ref(), obstacle.get());
            return now;
        }
        maker.accepted(job);
        jobs.add(job);
        contentOf.put(target.ref(), top.ref());
        return Aftermath.of(job, now);
    }

    /** Reads what an image owns; what lies below a fork is asked for again and again, and remembered. */
    private Owned owned(ImageRef image) throws IOException {
        Owned known = trunks.get(image);
        if (known != null) {
            return known;
        }
        Owned owned = snapshot.ownership().of(image);
        if (trunkImages.contains(image)) {
            trunks.put(image, owned);
        }
        return owned;
    }

    private Optional<Unsharing> unsharing(Segment segment, Forest now) {
        try {
            return Unsharing.of(segment.last(), tree, now, contentOf, policy, rule, this::owned);
        } catch (IOException e) {
            obstacles.put(segment.last().ref(), Obstacles.of(e));
            return Optional.empty();
        }
    }

    /** Notes how deep the leaves are that no segment above leads to: the segment's own, and what cannot be read. */
    private void noteDepths(Segment segment, Forest now) {
        ImageRef last = segment.last().ref();
        if (segment.endsInLeaf(tree)) {
            int depth = now.chain(last).size();
            depths.put(last, depth);
            if (depth > policy.maxDepth()
                    && obstacle(last).isEmpty()
                    && segment.last().use() == Use.FREE) {
                unsharing(segment, now).ifPresent(way -> unsharingCosts.put(last, way.bytes()));
            }
        }
        Set<ImageRef> planned =
                segment.above().stream().map(above -> above.first().ref()).collect(Collectors.toSet());
        for (ImageNode overlay : now.overlays(last)) {
            if (!planned.contains(overlay.ref()) && overlay.backingImage().isPresent()) {
                now.around(overlay.ref())
                        .leaves()
                        .forEach(leaf ->
                                depths.put(leaf.ref(), now.chain(leaf.ref()).size()));
            }
        }
    }

    private static ImageNode node(Forest now, Segment segment, int layer) {
        return now.node(segment.layers().get(layer).ref()).orElseThrow();
    }
}
