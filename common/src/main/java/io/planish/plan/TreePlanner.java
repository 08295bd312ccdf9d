package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import io.planish.job.Job;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
                if (decide(segment, 0) >= 0 && !splits.isEmpty()) {
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

    int depthAfter(ImageNode leaf) {
        return depths.getOrDefault(leaf.ref(), tree.chain(leaf.ref()).size());
    }

    /**
     * Chooses the splits of a segment and of all above it.
     *
     * @param below files below the segment
     * @return by how many files some leaf above is then still too deep
     */
    private int decide(Segment segment, int below) {
        int depth = below + segment.size();
        int need = 0;
        if (segment.endsInLeaf(tree)) {
            need = segment.last().use() == Use.FREE ? Math.max(0, depth - policy.maxDepth()) : 0;
        }
        for (Segment above : segment.above()) {
            need = Math.max(need, decide(above, depth));
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
            Layers owned = new Layers(segment.layers(), snapshot.ownership());
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
            ImageNode target = node(now, segment, merge.target());
            Job job = maker.make(now, now.backing(lowest), target, node(now, segment, merge.top()), merge.bytes());
            Optional<Problem> obstacle = rule.check(job, now).or(() -> space.take(target, job.bytesToWrite()));
            if (obstacle.isPresent()) {
                obstacles.put(segment.last().ref(), obstacle.get());
            } else {
                maker.accepted(job);
                jobs.add(job);
                now = Aftermath.of(job, now);
            }
        }
        noteDepths(segment, now);
        for (Segment above : segment.above()) {
            write(above, now.around(above.first().ref()));
        }
    }

    /** Notes how deep the leaves are that no segment above leads to: the segment's own, and what cannot be read. */
    private void noteDepths(Segment segment, Forest now) {
        ImageRef last = segment.last().ref();
        if (segment.endsInLeaf(tree)) {
            depths.put(last, now.chain(last).size());
        }
        for (ImageNode overlay : now.overlays(last)) {
            boolean planned = segment.above().stream()
                    .anyMatch(above -> above.first().ref().equals(overlay.ref()));
            if (!planned && overlay.backingImage().isPresent()) {
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
