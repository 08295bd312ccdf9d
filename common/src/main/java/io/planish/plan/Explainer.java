package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.job.Job;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds out why an image gets what it gets, by asking the planner again about its tree alone, under this and other policies. */
public final class Explainer {
    /** More would only be dearer, and each is held against the whole safety rule. */
    private static final int TARGETS = 12;

    private final Snapshot snapshot;
    private final Policy policy;
    private final SafetyRule rule;
    private final Forest tree;

    private Explainer(Snapshot all, Policy policy, Forest tree) {
        this.tree = tree;
        this.policy = policy;
        Set<ImageRef> images = tree.nodes().stream().map(ImageNode::ref).collect(Collectors.toSet());
        Ownership ownership = new OwnershipMemory(all.ownership(), images);
        this.snapshot =
                new Snapshot(all.id(), all.takenAt(), all.pools(), tree, ownership, all.referenced(), all.findings());
        this.rule = SafetyRule.of(snapshot, policy);
    }

    /**
     * @throws IllegalArgumentException if the snapshot has no such image
     * @throws IOException if what the layers of its tree own cannot be read
     */
    public static Explanation of(ImageRef image, Snapshot snapshot, Policy policy) throws IOException {
        ImageNode node = snapshot.forest()
                .node(image)
                .orElseThrow(() -> new IllegalArgumentException(image + " is no image of these pools"));
        Forest tree = snapshot.forest().trees().stream()
                .filter(candidate -> candidate.node(node.ref()).isPresent())
                .findFirst()
                .orElseThrow();
        return new Explainer(snapshot, policy, tree).explain(node);
    }

    private Explanation explain(ImageNode image) throws IOException {
        Plan plan = Planner.plan(snapshot, policy);
        List<ImageNode> leaves = tree.around(image.ref()).leaves();
        Set<ImageRef> ends = leaves.stream().map(ImageNode::ref).collect(Collectors.toSet());
        return new Explanation(
                image.ref(),
                tree.chain(image.ref()).stream().map(this::layer).toList(),
                leaves.stream().map(leaf -> depth(leaf, plan)).toList(),
                steps(plan.jobs(), image.ref()),
                policy.maxDepth(),
                Stream.of(
                                plan.stays().stream()
                                        .filter(stay -> stay.image().equals(image.ref())),
                                plan.skips().stream().filter(skip -> ends.contains(skip.image())),
                                ShortChains.of(plan, tree).filter(chain -> ends.contains(chain.image())))
                        .flatMap(reasons -> reasons)
                        .toList(),
                alternatives(plan, leaves));
    }

    private Explanation.Layer layer(ImageNode image) {
        return new Explanation.Layer(
                image.ref(),
                image.allocatedBytes(),
                tree.overlays(image.ref()).size(),
                rule.pullsInto(image).map(Problem::sentence),
                tree.overlays(image.ref()).isEmpty()
                        ? Optional.empty()
                        : rule.endsView(image, tree)
                                .or(() -> rule.goesDown(image))
                                .map(Problem::sentence));
    }

    private Plan.LeafDepth depth(ImageNode leaf, Plan plan) {
        int now = tree.chain(leaf.ref()).size();
        return plan.leaves().stream()
                .filter(depth -> depth.leaf().equals(leaf.ref()))
                .findFirst()
                .orElse(new Plan.LeafDepth(leaf.ref(), now, now));
    }

    private List<Explanation.Step> steps(List<Job> jobs, ImageRef image) throws IOException {
        List<Explanation.Step> steps = new ArrayList<>();
        Map<ImageRef, List<ImageNode>> madeOf = new HashMap<>();
        for (int i = 0; i < jobs.size(); i++) {
            Job job = jobs.get(i);
            Forest now = Aftermath.of(jobs.subList(0, i), tree);
            List<ImageNode> group = Group.of(job, now).orElseThrow().layers();
            List<ImageNode> path = group.stream()
                    .flatMap(file -> madeOf.getOrDefault(file.ref(), List.of(file)).stream())
                    .toList();
            if (touches(job, group, image)) {
                steps.add(new Explanation.Step(
                        job.id(),
                        JobText.of(job, ImageRef::toString),
                        job.bytesToWrite(),
                        targets(job, group, path, now)));
            }
            madeOf.put(job.replaces().orElse(job.target()), path);
        }
        return steps;
    }

    private static boolean touches(Job job, List<ImageNode> group, ImageRef image) {
        Set<ImageRef> touched = new HashSet<>();
        group.forEach(file -> touched.add(file.ref()));
        job.relinks().forEach(relink -> touched.add(relink.overlay()));
        return touched.contains(image);
    }

    /** @param path the images of the snapshot that the group's files are made of by now */
    private List<Explanation.Target> targets(Job job, List<ImageNode> group, List<ImageNode> path, Forest now)
            throws IOException {
        List<ImageNode> chain = tree.chain(path.getLast().ref());
        Costs costs = new CostModel(snapshot, snapshot.ownership())
                .of(path, 0, chain.subList(0, chain.indexOf(path.getFirst())));
        for (int top = 0; top < path.size(); top++) {
            costs.top(top);
        }
        for (int layer = path.size() - 1; layer >= 0; layer--) {
            costs.include(layer);
        }
        Map<ImageRef, Integer> places = new HashMap<>();
        for (int i = 0; i < path.size(); i++) {
            places.put(path.get(i).ref(), i);
        }
        Set<ImageRef> cheapest = group.stream()
                .sorted(Comparator.comparingLong(file -> {
                    int at = places.getOrDefault(file.ref(), -1);
                    return at < 0 || file.ref().equals(job.target()) ? -1 : costs.bytes(at);
                }))
                .limit(TARGETS)
                .map(ImageNode::ref)
                .collect(Collectors.toSet());
        List<Explanation.Target> targets = new ArrayList<>();
        for (ImageNode file : group) {
            if (!cheapest.contains(file.ref())) {
                continue;
            }
            int at = places.getOrDefault(file.ref(), -1);
            boolean chosen = file.ref().equals(job.target());
            Optional<Long> bytes =
                    chosen ? Optional.of(job.bytesToWrite()) : at < 0 ? Optional.empty() : Optional.of(costs.bytes(at));
            targets.add(new Explanation.Target(
                    file.ref(), chosen, bytes, chosen ? Optional.empty() : whyNot(job, group, file, now)));
        }
        return targets;
    }

    private Optional<String> whyNot(Job job, List<ImageNode> group, ImageNode target, Forest now) {
        boolean goesUp = !target.ref().equals(group.getFirst().ref());
        boolean goesDown = !target.ref().equals(job.top());
        if (policy.direction() == Direction.COMMIT && goesUp || policy.direction() == Direction.PULL && goesDown) {
            return Optional.of(
                    "the policy's direction is " + policy.direction().name().toLowerCase(Locale.ROOT));
        }
        Job instead = new JobMaker(rule)
                .make(now, job.base().flatMap(now::node), target, group.getLast(), image -> true, 0, 0);
        return rule.check(instead, now).map(Problem::sentence);
    }

    private List<Explanation.Alternative> alternatives(Plan plan, List<ImageNode> leaves) {
        List<Explanation.Alternative> all = new ArrayList<>();
        all.add(alternative("as asked", plan, leaves));
        int depth = policy.maxDepth();
        int now = leaves.stream()
                .mapToInt(leaf -> tree.chain(leaf.ref()).size())
                .max()
                .orElse(0);
        Stream.of(1, depth - 1, depth + 1)
                .distinct()
                .filter(other -> other > 0 && other != depth && other < now)
                .forEach(other -> all.add(
                        alternative("--max-depth " + other, plan(policy.change().maxDepth(other)), leaves)));
        for (Direction way : Direction.values()) {
            if (way != policy.direction()) {
                all.add(alternative(
                        "--direction " + way.name().toLowerCase(Locale.ROOT),
                        plan(policy.change().direction(way)),
                        leaves));
            }
        }
        if (!policy.unshare()) {
            all.add(alternative("--unshare", plan(policy.change().unshare(true)), leaves));
        }
        all.add(new Explanation.Alternative("leave it as it is", 0, now));
        return all;
    }

    private Plan plan(PolicyBuilder other) {
        return Planner.plan(snapshot, other.build());
    }

    private Explanation.Alternative alternative(String name, Plan plan, List<ImageNode> leaves) {
        return new Explanation.Alternative(
                name,
                plan.jobs().stream().mapToLong(Job::bytesToWrite).sum(),
                leaves.stream()
                        .mapToInt(leaf -> depth(leaf, plan).after())
                        .max()
                        .orElse(0));
    }
}
