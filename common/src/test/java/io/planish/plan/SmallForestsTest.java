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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Plans every forest of up to five images with every one thing in the way of every image, and random larger ones with several, and
 * carries the jobs out on a model of content that knows nothing of the rule.
 */
class SmallForestsTest {
    private static final int IMAGES = 5;
    private static final int CLUSTERS = 8;

    private long plans;
    private long jobs;

    /** One thing that is special about one image. */
    private enum Twist {
        KEPT,
        PROTECTED,
        REFERENCED,
        READ_ELSEWHERE,
        WRITTEN_ELSEWHERE,
        HARD_LINKED,
        INTERNAL_SNAPSHOTS,
        BITMAPS,
        INCONSISTENT_BITMAPS,
        OTHER_FILESYSTEM,
        UNSUPPORTED,
        RAW_BASE,
        IN_AN_INCOMPLETE_POOL
    }

    /** Nothing of these is ever written, relinked, replaced or retired, and what they show lasts. */
    private static final Set<Twist> UNTOUCHABLE = Set.of(
            Twist.PROTECTED, Twist.READ_ELSEWHERE, Twist.WRITTEN_ELSEWHERE, Twist.HARD_LINKED, Twist.UNSUPPORTED);

    /** What these show lasts. */
    private static final Set<Twist> LASTING = Set.of(Twist.KEPT, Twist.REFERENCED);

    /**
     * @param shape the backing file of each image, which comes before it; -1: none
     * @param twists what is special, by image
     * @param budget what may be written to each pool, in clusters
     */
    private record Case(List<Integer> shape, int maxDepth, boolean unshare, Map<Integer, Twist> twists, int budget) {
        Case(List<Integer> shape, int maxDepth, boolean unshare, Map<Integer, Twist> twists) {
            this(shape, maxDepth, unshare, twists, Integer.MAX_VALUE);
        }

        String name(int image) {
            return (twists.get(image) == Twist.IN_AN_INCOMPLETE_POOL ? "q/" : "p/") + "i" + image;
        }

        Set<ImageRef> images(Set<Twist> kinds) {
            return twists.entrySet().stream()
                    .filter(entry -> kinds.contains(entry.getValue()))
                    .map(entry -> ref(name(entry.getKey())))
                    .collect(Collectors.toSet());
        }

        List<String> globs(Twist kind) {
            return images(Set.of(kind)).stream().map(ImageRef::toString).toList();
        }
    }

    @Test
    void noPlanForASmallForestChangesWhatAnyRemainingImageShows() {
        for (List<Integer> shape : shapes()) {
            for (int maxDepth = 1; maxDepth <= 3; maxDepth++) {
                for (boolean unshare : new boolean[] {false, true}) {
                    check(new Case(shape, maxDepth, unshare, Map.of()));
                    for (Twist twist : Twist.values()) {
                        for (int image = 0; image < shape.size(); image++) {
                            check(new Case(shape, maxDepth, unshare, Map.of(image, twist)));
                        }
                    }
                }
            }
        }
        assertThat(plans).isGreaterThan(20_000);
        assertThat(jobs).isGreaterThan(10_000);
    }

    @Test
    void noPlanForARandomForestChangesWhatAnyRemainingImageShows() {
        int cases = Boolean.getBoolean("planish.test.all") ? 100_000 : 5_000;
        long seed = Long.getLong("planish.test.seed", System.nanoTime());
        for (int i = 0; i < cases; i++, seed++) {
            Random random = new Random(seed);
            List<Integer> shape = new ArrayList<>();
            int images = 3 + random.nextInt(10);
            for (int image = 0; image < images; image++) {
                boolean grows = image > 0 && random.nextInt(3) > 0;
                shape.add(grows ? image - 1 : random.nextInt(image + 1) - 1);
            }
            Map<Integer, Twist> twists = new TreeMap<>();
            for (int twisted = random.nextInt(4); twisted > 0; twisted--) {
                twists.put(random.nextInt(images), Twist.values()[random.nextInt(Twist.values().length)]);
            }
            try {
                int budget = random.nextBoolean() ? Integer.MAX_VALUE : random.nextInt(20);
                check(new Case(shape, 1 + random.nextInt(4), random.nextBoolean(), twists, budget));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("-Dplanish.test.seed=" + seed, e);
            }
        }
    }

    private void check(Case given) {
        Fleet fleet = new Fleet();
        Map<ImageRef, Map<Integer, String>> own = new HashMap<>();
        for (int i = 0; i < given.shape().size(); i++) {
            String name = given.name(i);
            int backing = given.shape().get(i);
            fleet.add(Chains.node(name, backing < 0 ? Optional.empty() : Optional.of(ref(given.name(backing)))));
            Map<Integer, String> content = new TreeMap<>();
            own.put(ref(name), content);
            for (int cluster = i % 3; cluster < CLUSTERS; cluster += 1 + (i * 7 + cluster) % 3) {
                fleet.data(name, cluster, cluster + 1);
                content.put(cluster, name + ":" + cluster);
            }
        }
        given.twists().forEach((image, twist) -> {
            if (twist != Twist.RAW_BASE || given.shape().get(image) < 0) {
                twist(fleet, twist, given.name(image));
            }
        });
        Policy policy = Policy.DEFAULT
                .change()
                .maxDepth(given.maxDepth())
                .unshare(given.unshare())
                .budgetBytes((long) given.budget() * Fleet.CLUSTER)
                .keep(given.globs(Twist.KEPT))
                .protect(given.globs(Twist.PROTECTED))
                .build();
        Snapshot snapshot = fleet.snapshot();
        Plan plan = Planner.plan(snapshot, policy);
        plans++;
        String what = given + ": " + plan.jobs();
        carryOut(plan, snapshot, own, what, given);
        goalsHold(plan, snapshot, given.maxDepth(), what);
        Set<ImageRef> told = plan.stays().stream().map(Plan.Skip::image).collect(Collectors.toSet());
        TreeChange.of(plan, snapshot.forest())
                .forEach(change -> assertThat(change.unused().stream().map(ImageNode::ref))
                        .as("of what nobody needs it is told why it stays: " + what)
                        .allMatch(told::contains));
        plan.totals()
                .forEach(total -> assertThat(total.bytesToWrite())
                        .as(what)
                        .isLessThanOrEqualTo(policy.budgetBytes(total.pool())));
    }

    private void carryOut(
            Plan plan, Snapshot snapshot, Map<ImageRef, Map<Integer, String>> own, String what, Case given) {
        Set<ImageRef> untouchable = given.images(UNTOUCHABLE);
        Set<ImageRef> lasting = given.images(LASTING);
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
            assertThat(gone(job)).as(what).noneMatch(given.images(Set.of(Twist.INTERNAL_SNAPSHOTS))::contains);
            assertThat(job.bytesToWrite()).as(what).isEqualTo(merge(job, now, own) * Fleet.CLUSTER);
            now = Aftermath.of(job, now);
            rule = rule.after(job);
            done.add(job.id());
            plan.ends().stream().filter(end -> end.job().equals(job.id())).forEach(end -> ended.add(end.image()));
            Map<ImageRef, Map<Integer, String>> after = views(now, own);
            Set<ImageRef> lost = before.keySet().stream()
                    .filter(image -> !Objects.equals(before.get(image), after.get(image)))
                    .collect(Collectors.toSet());
            assertThat(ended).as(what).containsAll(lost);
            assertThat(lost).as(what).noneMatch(untouchable::contains).noneMatch(lasting::contains);
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

    private static void twist(Fleet fleet, Twist twist, String name) {
        switch (twist) {
            case KEPT, PROTECTED -> {}
            case REFERENCED -> fleet.referenced(name);
            case READ_ELSEWHERE -> fleet.use(name, Use.READ);
            case WRITTEN_ELSEWHERE -> fleet.use(name, Use.WRITTEN);
            case HARD_LINKED -> fleet.problem(name, SkipReason.HARD_LINKED);
            case INTERNAL_SNAPSHOTS -> fleet.traits(name, Trait.ZERO_CLUSTERS, Trait.INTERNAL_SNAPSHOTS);
            case BITMAPS -> fleet.traits(name, Trait.ZERO_CLUSTERS, Trait.BITMAPS);
            case INCONSISTENT_BITMAPS ->
                fleet.traits(name, Trait.ZERO_CLUSTERS, Trait.BITMAPS, Trait.INCONSISTENT_BITMAPS);
            case OTHER_FILESYSTEM -> fleet.filesystem(name, 1);
            case UNSUPPORTED -> fleet.problem(name, SkipReason.UNSUPPORTED_FEATURE);
            case RAW_BASE -> fleet.raw(name);
            case IN_AN_INCOMPLETE_POOL -> fleet.incomplete("q");
        }
    }

    private static Set<ImageRef> gone(Job job) {
        Set<ImageRef> gone = new HashSet<>(job.retires());
        job.replaces().ifPresent(gone::add);
        return gone;
    }

    private static Set<ImageRef> touched(Job job) {
        Set<ImageRef> touched = new HashSet<>(job.retires());
        touched.add(job.target());
        job.replaces().ifPresent(touched::add);
        job.relinks().forEach(relink -> touched.add(relink.overlay()));
        return touched;
    }

    /**
     * What the job does to content: the target owns all that the group owned, as its top showed it.
     *
     * @return how many clusters that changes in the target
     */
    private static long merge(Job job, Forest now, Map<ImageRef, Map<Integer, String>> own) {
        Map<Integer, String> merged = new TreeMap<>();
        List<ImageNode> chain = now.chain(job.top());
        boolean inGroup = job.base().isEmpty();
        for (ImageNode layer : chain) {
            if (inGroup) {
                merged.putAll(own.getOrDefault(layer.ref(), Map.of()));
            }
            inGroup |= job.base().equals(Optional.of(layer.ref()));
        }
        Map<Integer, String> before = own.getOrDefault(job.target(), Map.of());
        own.put(job.target(), merged);
        job.replaces().ifPresent(leaf -> own.put(leaf, merged));
        return merged.entrySet().stream()
                .filter(cluster -> !cluster.getValue().equals(before.get(cluster.getKey())))
                .count();
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
