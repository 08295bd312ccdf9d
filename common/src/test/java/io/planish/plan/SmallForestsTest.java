package io.planish.plan;

import static io.planish.chain.Chains.ref;
import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.Chains;
import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Trait;
import io.planish.chain.Use;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.SkipReason;
import io.planish.job.Verify;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Plans every forest of up to five images with every one thing in the way of every image, and carries the jobs out on a model of
 * content that knows nothing of the rule.
 */
class SmallForestsTest {
    private static final int IMAGES = 5;
    private static final int CLUSTERS = 8;

    private long plans;
    private long jobs;

    /** One thing that is special about one image. */
    private enum Twist {
        NONE,
        KEPT,
        PROTECTED,
        REFERENCED,
        READ_ELSEWHERE,
        WRITTEN_ELSEWHERE,
        HARD_LINKED,
        INTERNAL_SNAPSHOTS,
        BITMAPS,
        OTHER_FILESYSTEM,
        UNSUPPORTED,
        RAW_BASE,
        IN_AN_INCOMPLETE_POOL
    }

    @Test
    void noPlanChangesWhatAnyRemainingImageShows() {
        for (List<Integer> shape : shapes()) {
            for (int maxDepth = 1; maxDepth <= 3; maxDepth++) {
                for (Twist twist : Twist.values()) {
                    for (int image = 0; image < (twist == Twist.NONE ? 1 : shape.size()); image++) {
                        check(shape, maxDepth, twist, image, false);
                        check(shape, maxDepth, twist, image, true);
                    }
                }
            }
        }
        assertThat(plans).isGreaterThan(5_000);
        assertThat(jobs).isGreaterThan(5_000);
    }

    private void check(List<Integer> shape, int maxDepth, Twist twist, int twisted, boolean unshare) {
        if (twist == Twist.RAW_BASE && shape.get(twisted) >= 0) {
            return;
        }
        Fleet fleet = new Fleet();
        Map<ImageRef, Map<Integer, String>> own = new HashMap<>();
        for (int i = 0; i < shape.size(); i++) {
            String name = name(i, twist, twisted);
            int backing = shape.get(i);
            fleet.add(Chains.node(
                    name, backing < 0 ? Optional.empty() : Optional.of(ref(name(backing, twist, twisted)))));
            Map<Integer, String> content = new TreeMap<>();
            own.put(ref(name), content);
            for (int cluster = i % 3; cluster < CLUSTERS; cluster += 1 + (i * 7 + cluster) % 3) {
                fleet.data(name, cluster, cluster + 1);
                content.put(cluster, name + ":" + cluster);
            }
        }
        String special = name(twisted, twist, twisted);
        Policy policy = twist(fleet, maxDepth, twist, special, unshare);
        Snapshot snapshot = fleet.snapshot();
        Plan plan = Planner.plan(snapshot, policy);
        String what = shape + " depth " + maxDepth + " " + twist + " " + special + ": " + plan.jobs();
        plans++;
        carryOut(plan, snapshot, own, what, untouchable(twist, special));
        goalsHold(plan, snapshot, maxDepth, what);
    }

    private void carryOut(
            Plan plan,
            Snapshot snapshot,
            Map<ImageRef, Map<Integer, String>> own,
            String what,
            Set<ImageRef> untouchable) {
        Forest now = snapshot.forest();
        Map<ImageRef, Map<Integer, String>> before = views(now, own);
        SafetyRule rule = SafetyRule.of(snapshot, plan.policy());
        Set<ImageRef> ended = new HashSet<>();
        Set<String> done = new HashSet<>();
        for (Job job : plan.jobs()) {
            jobs++;
            assertThat(rule.check(job, now)).as(what).isEmpty();
            assertThat(done).as(what).containsAll(job.dependsOn());
            for (Expectation expected : job.expects()) {
                ImageNode node = now.node(expected.image()).orElseThrow();
                assertThat(node.backingImage()).as(what).isEqualTo(expected.backing());
            }
            assertThat(touched(job)).as(what).noneMatch(untouchable::contains);
            merge(job, now, own);
            now = Aftermath.of(job, now);
            done.add(job.id());
            plan.ends().stream().filter(end -> end.job().equals(job.id())).forEach(end -> ended.add(end.image()));
            Map<ImageRef, Map<Integer, String>> after = views(now, own);
            Set<ImageRef> lost = before.keySet().stream()
                    .filter(image -> !Objects.equals(before.get(image), after.get(image)))
                    .collect(Collectors.toSet());
            assertThat(ended).as(what).containsAll(lost);
            assertThat(lost).as(what).noneMatch(untouchable::contains);
        }
    }

    private static void goalsHold(Plan plan, Snapshot snapshot, int maxDepth, String what) {
        Forest after = snapshot.forest();
        for (Job job : plan.jobs()) {
            after = Aftermath.of(job, after);
        }
        Set<ImageRef> skipped = plan.skips().stream().map(Plan.Skip::image).collect(Collectors.toSet());
        for (ImageNode leaf : snapshot.forest().leaves()) {
            int depth = after.chain(leaf.ref()).size();
            assertThat(depth <= maxDepth || skipped.contains(leaf.ref()))
                    .as(what + ": " + leaf.ref())
                    .isTrue();
            plan.leaves().stream()
                    .filter(l -> l.leaf().equals(leaf.ref()))
                    .forEach(line -> assertThat(line.after()).as(what).isEqualTo(depth));
        }
    }

    private static Policy twist(Fleet fleet, int maxDepth, Twist twist, String name, boolean unshare) {
        switch (twist) {
            case NONE, KEPT, PROTECTED -> {}
            case REFERENCED -> fleet.referenced(name);
            case READ_ELSEWHERE -> fleet.use(name, Use.READ);
            case WRITTEN_ELSEWHERE -> fleet.use(name, Use.WRITTEN);
            case HARD_LINKED -> fleet.problem(name, SkipReason.HARD_LINKED);
            case INTERNAL_SNAPSHOTS -> fleet.traits(name, Trait.ZERO_CLUSTERS, Trait.INTERNAL_SNAPSHOTS);
            case BITMAPS -> fleet.traits(name, Trait.ZERO_CLUSTERS, Trait.BITMAPS);
            case OTHER_FILESYSTEM -> fleet.filesystem(name, 1);
            case UNSUPPORTED -> fleet.problem(name, SkipReason.UNSUPPORTED_FEATURE);
            case RAW_BASE -> fleet.raw(name);
            case IN_AN_INCOMPLETE_POOL -> fleet.incomplete("q");
        }
        return new Policy(
                maxDepth,
                unshare,
                twist == Twist.KEPT ? List.of(name) : List.of(),
                twist == Twist.PROTECTED ? List.of(name) : List.of(),
                false,
                Verify.FULL,
                Duration.ZERO,
                0,
                Long.MAX_VALUE);
    }

    /** Images whose view must last and that no job may write, relink or retire. */
    private static Set<ImageRef> untouchable(Twist twist, String name) {
        return switch (twist) {
            case PROTECTED, READ_ELSEWHERE, WRITTEN_ELSEWHERE, HARD_LINKED, UNSUPPORTED -> Set.of(ref(name));
            case NONE,
                    KEPT,
                    REFERENCED,
                    INTERNAL_SNAPSHOTS,
                    BITMAPS,
                    OTHER_FILESYSTEM,
                    RAW_BASE,
                    IN_AN_INCOMPLETE_POOL -> Set.of();
        };
    }

    private static Set<ImageRef> touched(Job job) {
        Set<ImageRef> touched = new HashSet<>(job.retires());
        touched.add(job.target());
        job.replaces().ifPresent(touched::add);
        job.relinks().forEach(relink -> touched.add(relink.overlay()));
        return touched;
    }

    /** What the job does to content: the target owns all that the group owned, as its top showed it. */
    private static void merge(Job job, Forest now, Map<ImageRef, Map<Integer, String>> own) {
        Map<Integer, String> merged = new TreeMap<>();
        List<ImageNode> chain = now.chain(job.top());
        boolean inGroup = job.base().isEmpty();
        for (ImageNode layer : chain) {
            if (inGroup) {
                merged.putAll(own.get(layer.ref()));
            }
            inGroup |= job.base().equals(Optional.of(layer.ref()));
        }
        own.put(job.target(), merged);
        job.replaces().ifPresent(leaf -> own.put(leaf, merged));
    }

    private static Map<ImageRef, Map<Integer, String>> views(Forest forest, Map<ImageRef, Map<Integer, String>> own) {
        Map<ImageRef, Map<Integer, String>> views = new HashMap<>();
        for (ImageNode node : forest.nodes()) {
            Map<Integer, String> view = new TreeMap<>();
            forest.chain(node.ref()).forEach(layer -> view.putAll(own.get(layer.ref())));
            boolean whole = forest.chain(node.ref()).getFirst().backing().isEmpty();
            views.put(node.ref(), whole ? view : Map.of(-1, "its backing file is gone"));
        }
        return views;
    }

    private static String name(int image, Twist twist, int twisted) {
        return (twist == Twist.IN_AN_INCOMPLETE_POOL && image == twisted ? "q/" : "p/") + "i" + image;
    }

    /** Every forest of up to five images, each told by the backing file of each image, which comes before it; -1: none. */
    private static List<List<Integer>> shapes() {
        List<List<Integer>> all = new ArrayList<>();
        List<List<Integer>> last = List.of(List.of());
        for (int size = 1; size <= IMAGES; size++) {
            List<List<Integer>> grown = new ArrayList<>();
            for (List<Integer> shape : last) {
                for (int backing = -1; backing < shape.size(); backing++) {
                    List<Integer> larger = new ArrayList<>(shape);
                    larger.add(backing);
                    grown.add(larger);
                }
            }
            all.addAll(grown);
            last = grown;
        }
        return all;
    }
}
