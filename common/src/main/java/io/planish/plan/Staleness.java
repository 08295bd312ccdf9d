package io.planish.plan;

import io.planish.chain.FileFacts;
import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.job.Expectation;
import io.planish.job.Expectations;
import io.planish.job.Footprint;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.JobResult;
import io.planish.job.SkipReason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Holds a plan that was made some time ago against the pools as they are now, before any of its jobs starts.
 *
 * <p>A tree counts as changed when an image is gone, is another file, has other content or another backing file than the plan saw, or
 * when {@link SafetyRule} would no longer allow a job, such as for an overlay that has come. The content of a leaf that is
 * pulled into may have changed: its guest may have gone on writing. What a job that was begun touches is as that job left it, and is not looked at.
 */
public final class Staleness {
    private final Snapshot now;
    private final SafetyRule rule;
    private final Map<String, JobResult> done;
    private final Set<String> begun;
    private final Map<ImageRef, Forest> treeOf = new HashMap<>();

    private Staleness(Snapshot now, Policy policy, Map<String, JobResult> done, Set<String> begun) {
        this.now = now;
        this.rule = SafetyRule.of(now, decided(policy));
        this.done = done;
        this.begun = begun;
        for (Forest tree : now.forest().trees()) {
            tree.nodes().forEach(node -> treeOf.put(node.ref(), tree));
        }
    }

    /** What was to be kept for its place or age was settled when the plan was made; jobs done and time gone by change what that means. */
    private static Policy decided(Policy policy) {
        return policy.change()
                .keepNewest(0)
                .keepNewerThan(Optional.empty())
                .keepOlderThan(Optional.empty())
                .build();
    }

    /**
     * The trees that changed, in the plan's order.
     *
     * @param jobs each after those it depends on
     * @param done results of those that are done, in the order in which they were done
     * @param begun ids of those that an earlier attempt has begun and that are to go on
     * @param now taken without asking who has images open: that is left to the locks
     */
    public static List<ChangedTree> of(
            List<Job> jobs, Map<String, JobResult> done, Set<String> begun, Snapshot now, Policy policy) {
        Staleness staleness = new Staleness(now, policy, done, begun);
        List<ChangedTree> changed = new ArrayList<>();
        for (List<Job> tree : trees(jobs)) {
            staleness.changes(tree).ifPresent(changed::add);
        }
        return changed;
    }

    private Optional<ChangedTree> changes(List<Job> tree) {
        List<Job> open =
                tree.stream().filter(job -> !done.containsKey(job.id())).toList();
        List<Job> untouched =
                open.stream().filter(job -> !begun.contains(job.id())).toList();
        if (untouched.isEmpty()) {
            return Optional.empty();
        }
        Set<ImageRef> inTheMiddle = new HashSet<>();
        open.stream()
                .filter(job -> begun.contains(job.id()))
                .forEach(job -> inTheMiddle.addAll(Footprint.of(job).writes()));
        Map<ImageRef, String> changes = new LinkedHashMap<>();
        for (Job job : untouched) {
            for (Expectation expected :
                    Expectations.filled(job, List.copyOf(done.values())).expects()) {
                if (expected.unchanged().isPresent() && !inTheMiddle.contains(expected.image())) {
                    difference(job, expected).ifPresent(what -> changes.putIfAbsent(expected.image(), what));
                }
            }
        }
        if (changes.isEmpty() && inTheMiddle.isEmpty()) {
            forbidden(tree, untouched).ifPresent(change -> changes.put(change.image(), change.what()));
        }
        return changes.isEmpty()
                ? Optional.empty()
                : Optional.of(new ChangedTree(
                        untouched.stream().map(Job::id).toList(),
                        changes.entrySet().stream()
                                .map(change -> new ChangedTree.Change(change.getKey(), change.getValue()))
                                .toList()));
    }

    private Optional<String> difference(Job job, Expectation expected) {
        Optional<ImageNode> found = now.forest().node(expected.image());
        if (found.isEmpty() || !found.get().ref().equals(expected.image())) {
            return Optional.of("it is gone, or no image any more");
        }
        FileFacts planned = expected.unchanged().orElseThrow();
        if (!found.get().facts().sameFile(planned)) {
            return Optional.of("another file stands under this name since the plan was made");
        }
        Optional<Problem> missing = found.get().problem(SkipReason.BACKING_MISSING);
        if (missing.isPresent()) {
            return Optional.of(missing.get().sentence());
        }
        if (!found.get().backingImage().equals(expected.backing())) {
            return Optional.of("it has another backing file since the plan was made");
        }
        boolean mayBeWritten = job.kind() != JobKind.COMMIT
                && expected.image().equals(job.target())
                && now.forest().overlays(expected.image()).isEmpty();
        return mayBeWritten || found.get().facts().equals(planned)
                ? Optional.empty()
                : Optional.of("it was changed since the plan was made");
    }

    /** The first job that must not be done any more, looking at each in the forest that those before it leave behind. */
    private Optional<ChangedTree.Change> forbidden(List<Job> tree, List<Job> open) {
        Set<String> needed = new HashSet<>();
        open.forEach(job -> needed.addAll(job.dependsOn()));
        Forest forest = part(tree);
        SafetyRule ruleNow = rule;
        for (Job job : tree) {
            if (!open.contains(job)) {
                ruleNow = ruleNow.after(job);
                continue;
            }
            Optional<Problem> problem = ruleNow.check(job, forest);
            if (problem.isPresent()) {
                return Optional.of(
                        new ChangedTree.Change(job.top(), problem.get().sentence()));
            }
            ruleNow = ruleNow.after(job);
            if (needed.contains(job.id())) {
                forest = Aftermath.of(job, forest);
            }
        }
        return Optional.empty();
    }

    private Forest part(List<Job> jobs) {
        SortedMap<ImageRef, ImageNode> nodes = new TreeMap<>();
        Set<Forest> seen = new HashSet<>();
        for (ImageRef image : Footprint.images(jobs)) {
            Forest tree = treeOf.get(image);
            if (tree != null && seen.add(tree)) {
                tree.nodes().forEach(node -> nodes.put(node.ref(), node));
            }
        }
        return Forest.of(nodes.values());
    }

    /** The jobs, those together that any images lead from one to the other. */
    private static Collection<List<Job>> trees(List<Job> jobs) {
        Map<ImageRef, ImageRef> towards = new HashMap<>();
        for (Job job : jobs) {
            ImageRef first = root(towards, job.target());
            for (ImageRef image : Footprint.of(job).all()) {
                towards.put(root(towards, image), first);
            }
        }
        Map<ImageRef, List<Job>> trees = new LinkedHashMap<>();
        for (Job job : jobs) {
            trees.computeIfAbsent(root(towards, job.target()), root -> new ArrayList<>())
                    .add(job);
        }
        return trees.values();
    }

    private static ImageRef root(Map<ImageRef, ImageRef> towards, ImageRef image) {
        ImageRef at = image;
        for (ImageRef next = towards.get(at); next != null && !next.equals(at); next = towards.get(at)) {
            towards.put(at, towards.getOrDefault(next, next));
            at = next;
        }
        return at;
    }
}
