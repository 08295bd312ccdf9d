package io.planish.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.Chains;
import io.planish.chain.ImageRef;
import io.planish.job.Job;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/** Changes what must not matter, or gives more freedom, and looks at what becomes of the plan. */
class MetamorphicTest {
    private static final int CASES = Boolean.getBoolean("planish.test.all") ? 20_000 : 400;
    private static final int CLUSTERS = 12;

    private final long firstSeed = Long.getLong("planish.test.seed", System.nanoTime());

    /** A random forest whose images may be called and placed in any way. */
    private record Drawing(long seed) {
        Fleet fleet(IntFunction<String> name) {
            Random random = new Random(seed);
            Fleet fleet = new Fleet();
            int images = 2 + random.nextInt(14);
            for (int image = 0; image < images; image++) {
                boolean grows = image > 0 && random.nextInt(4) > 0;
                int backing = grows ? image - 1 : random.nextInt(image + 1) - 1;
                fleet.add(Chains.node(
                        name.apply(image),
                        backing < 0 ? Optional.empty() : Optional.of(Chains.ref(name.apply(backing)))));
                for (int cluster = 0; cluster < CLUSTERS; cluster++) {
                    int what = random.nextInt(8);
                    if (what < 3) {
                        fleet.data(name.apply(image), cluster, cluster + 1);
                    } else if (what == 3) {
                        fleet.zero(name.apply(image), cluster, cluster + 1);
                    }
                }
            }
            return fleet;
        }
    }

    @Test
    void namesChangeNothingOfCostAndShape() {
        each((seed, policy) -> {
            Plan plan = new Drawing(seed).fleet("p/i%03d"::formatted).plan(policy);
            // the same order the other way round
            Plan renamed = new Drawing(seed)
                    .fleet(i -> "p/%c%03d".formatted('z' - i, i))
                    .plan(policy);
            assertThat(bytes(renamed)).isEqualTo(bytes(plan));
            assertThat(renamed.jobs()).hasSameSizeAs(plan.jobs());
            assertThat(depths(renamed, name -> Integer.parseInt(name.substring(1))))
                    .isEqualTo(depths(plan, name -> Integer.parseInt(name.substring(1))));
        });
    }

    @Test
    void anUnrelatedChainChangesNothing() {
        each((seed, policy) -> {
            Plan plan = new Drawing(seed).fleet("p/i%03d"::formatted).plan(policy);
            Fleet more = new Drawing(seed).fleet("p/i%03d"::formatted);
            Chains.nodes("z1 <- z2 <- z3 <- z4").forEach(more::add);
            assertThat(more.data("z1", 0, 5).data("z3", 4, 9).plan(policy).jobs().stream()
                            .filter(job -> !job.top().path().startsWith("z"))
                            .toList())
                    .isEqualTo(plan.jobs());
        });
    }

    @Test
    void poolsAreNoBorders() {
        each((seed, policy) -> {
            Plan plan = new Drawing(seed).fleet("p/i%03d"::formatted).plan(policy);
            Plan split = new Drawing(seed)
                    .fleet(i -> (i % 2 == 0 ? "p/" : "q/") + "i%03d".formatted(i))
                    .plan(policy);
            assertThat(bytes(split)).isEqualTo(bytes(plan));
            assertThat(depths(split, name -> Integer.parseInt(name.substring(1))))
                    .isEqualTo(depths(plan, name -> Integer.parseInt(name.substring(1))));
        });
    }

    @Test
    void moreFreedomNeverCostsMoreForTheSameDepths() {
        each((seed, policy) -> {
            Drawing drawing = new Drawing(seed);
            Plan plan = drawing.fleet("p/i%03d"::formatted).plan(policy);
            Map<Integer, Integer> depths = depths(plan, name -> Integer.parseInt(name.substring(1)));
            List<Policy> freer = new ArrayList<>();
            freer.add(policy.change().protect(List.of()).build());
            freer.add(policy.change().keep(List.of()).build());
            freer.add(policy.change().direction(Direction.AUTO).build());
            freer.add(policy.withMaxDepth(policy.maxDepth() + 1));
            for (Policy other : freer) {
                Plan free = drawing.fleet("p/i%03d"::formatted).plan(other);
                Map<Integer, Integer> reached = depths(free, name -> Integer.parseInt(name.substring(1)));
                boolean sameGoal = other.maxDepth() > policy.maxDepth()
                        ? depths.values().stream().allMatch(depth -> depth <= policy.maxDepth())
                        : reached.entrySet().stream()
                                .allMatch(leaf -> leaf.getValue() >= depths.getOrDefault(leaf.getKey(), 0)
                                        || leaf.getValue() <= policy.maxDepth()
                                                && depths.getOrDefault(leaf.getKey(), 0) <= policy.maxDepth());
                if (sameGoal) {
                    assertThat(bytes(free))
                            .as("%s instead of %s", other, policy)
                            .isLessThanOrEqualTo(bytes(plan));
                }
            }
        });
    }

    @Test
    void unsharingIsPaidForOnlyByLeavesThatGetLower() {
        each((seed, policy) -> {
            Drawing drawing = new Drawing(seed);
            Plan plan = drawing.fleet("p/i%03d"::formatted).plan(policy);
            Plan unshared = drawing.fleet("p/i%03d"::formatted)
                    .plan(policy.change().unshare(true).build());
            Map<Integer, Integer> before = depths(plan, name -> Integer.parseInt(name.substring(1)));
            Map<Integer, Integer> after = depths(unshared, name -> Integer.parseInt(name.substring(1)));
            if (bytes(unshared) > bytes(plan)) {
                assertThat(before.entrySet())
                        .anyMatch(leaf -> leaf.getValue() > policy.maxDepth()
                                && after.getOrDefault(leaf.getKey(), 0) < leaf.getValue());
            }
        });
    }

    private interface Check {
        void of(long seed, Policy policy);
    }

    private void each(Check check) {
        for (long seed = firstSeed; seed < firstSeed + CASES; seed++) {
            Random random = new Random(seed);
            Policy policy = Policy.DEFAULT
                    .change()
                    .maxDepth(1 + random.nextInt(4))
                    .direction(Direction.values()[random.nextInt(3)])
                    .protect(some(random))
                    .keep(some(random))
                    .headroomBytes(0)
                    .unshare(random.nextInt(2) == 0)
                    .build();
            try {
                check.of(seed, policy);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("-Dplanish.test.seed=" + seed, e);
            }
        }
    }

    private static List<String> some(Random random) {
        return random.nextInt(3) > 0 ? List.of() : List.of("*/?%03d".formatted(random.nextInt(8)));
    }

    private static long bytes(Plan plan) {
        return plan.jobs().stream().mapToLong(Job::bytesToWrite).sum();
    }

    private static Map<Integer, Integer> depths(Plan plan, java.util.function.ToIntFunction<String> number) {
        Map<Integer, Integer> depths = new HashMap<>();
        for (Plan.LeafDepth leaf : plan.leaves()) {
            ImageRef image = leaf.leaf();
            depths.put(number.applyAsInt(image.path()), leaf.after());
        }
        return depths;
    }
}
