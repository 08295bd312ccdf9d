package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import io.planish.job.Job;
import io.planish.job.SkipReason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Plans one tree: writes jobs for the splits that {@link Choices} made, from the root up. So a trunk's jobs come before those of
 * the segments above, which depend on them.
 */
final class TreePlanner {
    private final Snapshot snapshot;
    private final Policy policy;
    private final SafetyRule rule;
    private final Space space;
    private final JobMaker maker;
    private final Forest tree;

    private final Map<ImageRef, Problem> obstacles = new HashMap<>();
    private final Map<ImageRef, ImageRef> fileOf = new HashMap<>();
    private final Map<ImageRef, Long> unsharingCosts = new HashMap<>();
    private final Map<ImageRef, Integer> depths = new HashMap<>();
    private final List<Job> jobs = new ArrayList<>();
    private final List<Chosen> chosen = new ArrayList<>();

    /** What stands on one root. */
    private record Chosen(List<Segment> segments, Choices choices) {}

    TreePlanner(Snapshot snapshot, Policy policy, SafetyRule rule, Space space, Forest tree) {
        this.snapshot = snapshot;
        this.policy = policy;
        this.rule = rule;
        this.space = space;
        this.maker = new JobMaker(rule);
        this.tree = tree;
    }

    /** Decides what the layers become. Looks at nothing but this tree, so that trees can be looked at side by side. */
    void choose() {
        for (ImageNode root : tree.nodes()) {
            if (root.backing().isEmpty() && rule.reads(root).isEmpty()) {
                List<Segment> segments = Segment.all(root, tree);
                // what all above read
                OwnershipMemory ownership = new OwnershipMemory(snapshot.ownership(), trunks(segments));
                Choices choices =
                        new Choices(segments, tree, policy, rule, new CostModel(snapshot, ownership), obstacles);
                if (choices.anyTooDeep()) {
                    chosen.add(new Chosen(segments, choices));
                }
            }
        }
    }

    /** What stands below forks. */
    private static Set<ImageRef> trunks(List<Segment> segments) {
        return layers(
                segments.stream().filter(segment -> !segment.above().isEmpty()).toList());
    }

    private static Set<ImageRef> layers(List<Segment> segments) {
        return segments.stream()
                .flatMap(segment -> segment.layers().stream())
                .map(ImageNode::ref)
                .collect(Collectors.toSet());
    }

    /** Writes down the jobs for what was chosen, of one tree after the other, since they share space and numbers; forgets the rest. */
    void write(int jobsBefore) {
        maker.countFrom(jobsBefore);
        chosen.forEach(root -> write(root.segments(), root.choices()));
        chosen.clear();
    }

    Forest tree() {
        return tree;
    }

    List<Job> jobs() {
        return jobs;
    }

    /** Whether anything was left out because a filesystem is too full. */
    boolean lacksSpace() {
        return obstacles.values().stream().anyMatch(problem -> problem.reason() == SkipReason.NO_SPACE);
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

    private void write(List<Segment> segments, Choices choices) {
        Map<Segment, Forest> after = new IdentityHashMap<>();
        for (Segment segment : segments) {
            Forest below = segment.below().map(s -> after.getOrDefault(s, tree)).orElse(tree);
            segment.below().filter(s -> s.above().getLast() == segment).ifPresent(after::remove);
            boolean whole = choices.unshares(segment);
            List<ImageNode> path = whole ? tree.chain(segment.last().ref()) : segment.layers();
            Optional<ImageNode> under =
                    whole ? Optional.empty() : segment.below().map(Segment::last);
            Split split = fitting(segment, path, choices.split(segment), choices);
            Forest now = split.merges().isEmpty()
                    ? below
                    : write(
                            segment,
                            path,
                            under,
                            split,
                            below.around(segment.first().ref()));
            noteDepths(segment, now);
            if (!segment.above().isEmpty()) {
                after.put(segment, now);
            } else if (depthAfter(segment.last()) > policy.maxDepth()
                    && obstacle(segment.last().ref()).isEmpty()
                    && segment.last().use() == Use.FREE) {
                choices.unsharing(segment)
                        .ifPresent(copy -> unsharingCosts.put(
                                segment.last().ref(), copy.price().bytes()));
            }
        }
    }

    /** What is wanted where there is room for it, else as much as there is room for; what a later run may do cheaply is not done dearly in this one. */
    private Split fitting(Segment segment, List<ImageNode> path, Split wanted, Choices choices) {
        Optional<Problem> lack = space.lacksFor(wanted.merges(), path);
        lack.ifPresent(problem -> obstacles.put(segment.last().ref(), problem));
        return lack.isEmpty()
                ? wanted
                : choices.cut(
                        segment,
                        lack.get().reason() == SkipReason.NO_SPACE,
                        split -> space.lacksFor(split.merges(), path).isEmpty());
    }

    /** @param under what the path stands on */
    private Forest write(Segment segment, List<ImageNode> path, Optional<ImageNode> under, Split split, Forest before) {
        Forest now = before;
        Predicate<ImageRef> own = path.size() == segment.size() ? image -> true : refs(segment)::contains;
        for (Split.Merge merge : split.merges()) {
            Optional<ImageNode> base = merge.lo() == 0 ? under : Optional.of(path.get(merge.lo() - 1));
            Forest at = now;
            now = add(
                    segment,
                    own,
                    now,
                    base.map(image -> fileOf(image, at)),
                    fileOf(path.get(merge.target()), now),
                    fileOf(path.get(merge.top()), now),
                    merge);
        }
        return now;
    }

    private static Set<ImageRef> refs(Segment segment) {
        return segment.layers().stream().map(ImageNode::ref).collect(Collectors.toSet());
    }

    /** The file that shows now what this image showed before. */
    private ImageNode fileOf(ImageNode image, Forest now) {
        return now.node(fileOf.getOrDefault(image.ref(), image.ref())).orElseThrow();
    }

    private Forest add(
            Segment segment,
            Predicate<ImageRef> own,
            Forest now,
            Optional<ImageNode> base,
            ImageNode target,
            ImageNode top,
            Split.Merge merge) {
        Job made = maker.make(now, base, target, top, own, merge.bytes(), merge.clonedBytes());
        Optional<Problem> obstacle = maker.check(made, now).or(() -> space.take(target, merge.bytes()));
        if (obstacle.isPresent()) {
            obstacles.put(segment.last().ref(), obstacle.get());
            return now;
        }
        Job job = made.after(space.waitsFor());
        maker.accepted(job);
        jobs.add(job);
        fileOf.put(top.ref(), job.replaces().orElse(target.ref()));
        return Aftermath.of(job, now);
    }

    /** Notes how deep the leaves are that no segment above leads to: the segment's own, and what cannot be read. */
    private void noteDepths(Segment segment, Forest now) {
        ImageRef last = segment.last().ref();
        if (segment.endsInLeaf(tree)) {
            depths.put(last, now.chain(last).size());
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
}
