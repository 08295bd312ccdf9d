package io.planish.plan;

import static io.planish.chain.Chains.ref;
import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.Chains;
import io.planish.chain.Trait;
import io.planish.chain.Use;
import io.planish.job.Job;
import io.planish.job.SkipReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Holds plans of random forests of up to eight images against the cheapest of all sequences of jobs. */
class OptimumTest {
    private static final boolean ALL = Boolean.getBoolean("planish.test.all");
    private static final int MOST_STATES = ALL ? 100_000 : 3_000;

    /** What is special about an image. */
    private enum Twist {
        KEPT,
        PROTECTED,
        REFERENCED,
        READ_ELSEWHERE,
        HARD_LINKED,
        INTERNAL_SNAPSHOTS,
        IN_AN_INCOMPLETE_POOL
    }

    private record Case(
            List<Integer> shape, List<int[]> own, Map<Integer, Twist> twists, int maxDepth, boolean unshare) {
        static Case of(long seed, boolean unshare) {
            Random random = new Random(seed);
            int images = 2 + random.nextInt(7);
            List<Integer> shape = new ArrayList<>();
            List<int[]> own = new ArrayList<>();
            int density = 1 + random.nextInt(4);
            for (int image = 0; image < images; image++) {
                boolean grows = image > 0 && random.nextInt(3) > 0;
                shape.add(grows ? image - 1 : random.nextInt(image + 1) - 1);
                int name = image + 1;
                own.add(IntStream.range(0, AllJobSequences.CLUSTERS)
                        .map(cluster -> random.nextInt(5) >= density
                                ? 0
                                : random.nextInt(6) == 0 ? AllJobSequences.ZERO : name * 100 + cluster)
                        .toArray());
            }
            Map<Integer, Twist> twists = new HashMap<>();
            for (int twisted = random.nextInt(3); twisted > 0; twisted--) {
                twists.put(random.nextInt(images), Twist.values()[random.nextInt(Twist.values().length)]);
            }
            return new Case(shape, own, twists, 1 + random.nextInt(3), unshare);
        }

        String name(int image) {
            return (twists.get(image) == Twist.IN_AN_INCOMPLETE_POOL ? "q/" : "p/") + "i" + image;
        }

        Fleet fleet() {
            Fleet fleet = new Fleet();
            for (int i = 0; i < shape.size(); i++) {
                int backing = shape.get(i);
                fleet.add(Chains.node(name(i), backing < 0 ? Optional.empty() : Optional.of(ref(name(backing)))));
                for (int cluster = 0; cluster < AllJobSequences.CLUSTERS; cluster++) {
                    int owns = own.get(i)[cluster];
                    if (owns > 0) {
                        fleet.data(name(i), cluster, cluster + 1);
                    } else if (owns == AllJobSequences.ZERO) {
                        fleet.zero(name(i), cluster, cluster + 1);
                    }
                }
            }
            twists.forEach((image, twist) -> {
                switch (twist) {
                    case KEPT, PROTECTED -> {}
                    case REFERENCED -> fleet.referenced(name(image));
                    case READ_ELSEWHERE -> fleet.use(name(image), Use.READ);
                    case HARD_LINKED -> fleet.problem(name(image), SkipReason.HARD_LINKED);
                    case INTERNAL_SNAPSHOTS -> fleet.traits(name(image), Trait.ZERO_CLUSTERS, Trait.INTERNAL_SNAPSHOTS);
                    case IN_AN_INCOMPLETE_POOL -> fleet.incomplete("q");
                }
            });
            return fleet;
        }

        Policy policy() {
            return Policy.DEFAULT
                    .change()
                    .maxDepth(maxDepth)
                    .unshare(unshare)
                    .keep(globs(Twist.KEPT))
                    .protect(globs(Twist.PROTECTED))
                    .grace(Duration.ZERO)
                    .headroomBytes(0)
                    .build();
        }

        private List<String> globs(Twist twist) {
            return twists.keySet().stream()
                    .filter(image -> twists.get(image) == twist)
                    .map(this::name)
                    .toList();
        }

        List<AllJobSequences.Image> images() {
            return IntStream.range(0, shape.size())
                    .mapToObj(i -> {
                        Optional<Twist> twist = Optional.ofNullable(twists.get(i));
                        boolean written = twist.filter(t ->
                                        t == Twist.PROTECTED || t == Twist.READ_ELSEWHERE || t == Twist.HARD_LINKED)
                                .isEmpty();
                        boolean ends = twist.filter(
                                        t -> t == Twist.PROTECTED || t == Twist.KEPT || t == Twist.REFERENCED)
                                .isEmpty();
                        return new AllJobSequences.Image(
                                shape.get(i),
                                own.get(i),
                                written,
                                ends,
                                twist.filter(t -> t == Twist.INTERNAL_SNAPSHOTS).isPresent(),
                                twist.filter(t -> t == Twist.IN_AN_INCOMPLETE_POOL)
                                        .isEmpty());
                    })
                    .toList();
        }

        @Override
        public String toString() {
            return IntStream.range(0, shape.size())
                            .mapToObj(i -> shape.get(i) + "<-" + name(i)
                                    + Optional.ofNullable(twists.get(i))
                                            .map(t -> " " + t)
                                            .orElse("")
                                    + java.util.Arrays.toString(own.get(i)))
                            .toList()
                    + " max-depth " + maxDepth + (unshare ? " unshare" : "");
        }
    }

    @Test
    void noSequenceOfJobsIsCheaperThanThePlan() {
        compare(ALL ? 20_000 : 1_500, 8, false);
    }

    @Test
    void noSequenceOfJobsIsCheaperThanAPlanThatUnshares() {
        compare(ALL ? 20_000 : 500, 4, true);
    }

    @Test
    void aChainThatDoesNotFitGetsAsLowAsAnySequenceOfJobsThatFits() {
        long seed = Long.getLong("planish.test.seed", System.nanoTime());
        int cut = 0;
        for (int i = 0; i < (ALL ? 5_000 : 200); i++, seed++) {
            Case any = Case.of(seed, false);
            int images = any.shape().size();
            List<Integer> chain = IntStream.range(-1, images - 1).boxed().toList();
            Case given = new Case(chain, any.own(), Map.of(), any.maxDepth(), false);
            int budget = (int) Math.floorMod(seed, (long) AllJobSequences.CLUSTERS);

            Plan plan = given.fleet()
                    .plan(given.policy()
                            .change()
                            .budgetBytes((long) budget * Fleet.CLUSTER)
                            .build());

            int depth = Math.min(images, given.maxDepth());
            while (cost(given, depth) > budget) {
                depth++;
            }
            String what = "-Dplanish.test.seed=%d %s budget %d: %s".formatted(seed, given, budget, plan.jobs());
            Plan.LeafDepth leaf = new Plan.LeafDepth(ref(given.name(images - 1)), images, depth);
            assertThat(plan.leaves()).as(what).isEqualTo(images > given.maxDepth() ? List.of(leaf) : List.of());
            assertThat(plan.jobs().stream().mapToLong(Job::bytesToWrite).sum() / Fleet.CLUSTER)
                    .as(what)
                    .isEqualTo(cost(given, depth));
            if (depth > given.maxDepth()) {
                cut++;
                assertThat(plan.skips()).as(what).extracting(Plan.Skip::reason).containsExactly(SkipReason.BUDGET);
            }
        }
        assertThat(cut).isPositive();
    }

    private static int cost(Case given, int depth) {
        Map<Integer, Integer> wanted = Map.of(given.shape().size() - 1, depth);
        return new AllJobSequences(given.images(), false)
                .cheapest(wanted, 1_000_000)
                .orElseThrow();
    }

    private static void compare(int cases, int seconds, boolean unshare) {
        long seed = Long.getLong("planish.test.seed", System.nanoTime());
        long deadline = System.nanoTime() + seconds * 1_000_000_000L;
        int compared = 0;
        for (int i = 0; i < cases && (ALL || System.nanoTime() < deadline); i++, seed++) {
            Case given = Case.of(seed, unshare);
            Plan plan = given.fleet().plan(given.policy());
            Map<Integer, Integer> depths = new HashMap<>();
            for (int leaf = 0; leaf < given.shape().size(); leaf++) {
                boolean isLeaf = !given.shape().contains(leaf);
                boolean free = given.twists().get(leaf) != Twist.READ_ELSEWHERE;
                int before = depth(given.shape(), leaf);
                if (isLeaf && free && before > given.maxDepth()) {
                    String name = given.name(leaf);
                    int after = plan.leaves().stream()
                            .filter(line -> line.leaf().equals(ref(name)))
                            .mapToInt(Plan.LeafDepth::after)
                            .findFirst()
                            .orElse(before);
                    depths.put(leaf, Math.max(after, given.maxDepth()));
                }
            }
            OptionalInt best = new AllJobSequences(given.images(), unshare).cheapest(depths, MOST_STATES);
            if (best.isPresent()) {
                compared++;
                long ours = plan.jobs().stream().mapToLong(Job::bytesToWrite).sum() / Fleet.CLUSTER;
                String what = "-Dplanish.test.seed=%d %s: %s".formatted(seed, given, plan.jobs());
                assertThat(ours).as(what).isEqualTo(best.getAsInt());
                depths.forEach((leaf, depth) -> {
                    if (depth > given.maxDepth()) {
                        assertThat(new AllJobSequences(given.images(), unshare)
                                        .cheapest(Map.of(leaf, depth - 1), MOST_STATES)
                                        .orElse(Integer.MAX_VALUE))
                                .as(given.name(leaf) + " gets no lower: " + what)
                                .isEqualTo(Integer.MAX_VALUE);
                    }
                });
            }
        }
        assertThat(compared).isPositive();
    }

    private static int depth(List<Integer> shape, int image) {
        int depth = 0;
        for (int at = image; at >= 0; at = shape.get(at)) {
            depth++;
        }
        return depth;
    }
}
