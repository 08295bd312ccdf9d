package io.planish.plan;

import static io.planish.chain.Chains.ref;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.planish.chain.FileFacts;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.job.Json;
import io.planish.job.SkipReason;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PolicyTest {
    private static final Duration DAY = Duration.ofDays(1);

    @Test
    void aValueThatMakesNoSenseIsNamedWithItsKey() {
        assertThatThrownBy(() -> change().maxDepth(0).build())
                .hasMessage("max-depth is 0, but a chain has at least 1 file");
        assertThatThrownBy(() -> change().minDepth(-1).build()).hasMessage("min-depth is -1, but must not be negative");
        assertThatThrownBy(() -> change().keepNewest(-2).build())
                .hasMessage("keep-newest is -2, but must not be negative");
        assertThatThrownBy(() -> change().budgetBytes(-3).build()).hasMessage("budget is -3, but must not be negative");
        assertThatThrownBy(() -> change().grace(DAY.negated()).build()).hasMessageStartingWith("grace is PT-24H");
        assertThatThrownBy(
                        () -> change().keepNewerThan(Optional.of(DAY.negated())).build())
                .hasMessageStartingWith("keep-newer-than is PT-24H");
        assertThatThrownBy(() -> change().protect(List.of("a", " ")).build())
                .hasMessage("protect has the pattern ' ', which matches nothing");
    }

    @Test
    void aPolicyOfTheVersionBeforeIsStillRead() throws JsonProcessingException {
        String before = """
                {"maxDepth":3,"unshare":true,"keep":["a"],"protect":[],"dropRestorePoints":false,"verify":"FULL",\
                "grace":"PT1H","headroomBytes":5,"maxBytesToWrite":9}""";

        assertThat(Json.MAPPER.readValue(before, Policy.class))
                .isEqualTo(change().maxDepth(3)
                        .unshare(true)
                        .keep(List.of("a"))
                        .grace(Duration.ofHours(1))
                        .headroomBytes(5)
                        .budgetBytes(9)
                        .build());
    }

    @Test
    void aPatternThatEndsInASlashStandsForAllOfAFolder() {
        assertThat(matches("gold/", "gold/a.qcow2", "x/gold/b/c.qcow2", "p/x/gold.qcow2", "golden/a", "gold"))
                .containsExactly("gold/a.qcow2", "x/gold/b/c.qcow2");
        assertThat(matches("x/gold/", "x/gold/b/c", "y/x/gold/c")).containsExactly("x/gold/b/c");
        assertThat(matches("p/x/", "x/a", "y/a")).containsExactly("x/a");
        assertThat(matches("ten*/", "tenant-1/a", "a/tenant-2/b/c", "tent"))
                .containsExactly("tenant-1/a", "a/tenant-2/b/c");
    }

    @Test
    void theNewestLayersOfEachChainAreKept() {
        Fleet fleet = Fleet.of("base <- s1 <- s2 <- [a1 <- a2 <- a3, b]");

        assertThat(kept(fleet, change().keepNewest(1))).containsExactly("a2", "s2");
        assertThat(kept(fleet, change().keepNewest(2))).containsExactly("a1", "a2", "s1", "s2");
        assertThat(kept(fleet, change().keepNewest(100))).containsExactly("a1", "a2", "base", "s1", "s2");
        assertThat(kept(fleet, change())).isEmpty();
    }

    @Test
    void aLayerIsKeptByAgeWhereItsLastWriteOrTheBirthOfAnOverlayMayHaveIt() {
        // scanned at 0; s1 was last written 9 days ago, but the guest may have been idle until s2 was made 2 days ago
        Fleet fleet = Fleet.of("base <- s1 <- s2 <- active");
        times(fleet, "base", 0, 30);
        times(fleet, "s1", 20, 9);
        times(fleet, "s2", 2, 1);
        times(fleet, "active", 1, 0);

        assertThat(kept(fleet, newerThan(3))).containsExactly("s1", "s2");
        assertThat(kept(fleet, newerThan(1)))
                .as("one day is not less than one day")
                .isEmpty();
        assertThat(kept(fleet, newerThan(25))).containsExactly("base", "s1", "s2");
        assertThat(kept(fleet, olderThan(8))).containsExactly("base", "s1");
        assertThat(kept(fleet, olderThan(29))).containsExactly("base");
        assertThat(kept(fleet, olderThan(30))).isEmpty();
    }

    @Test
    void keepRulesAreEffectiveInPlansAndNamed() {
        Fleet fleet = Fleet.of("base <- s1 <- s2 <- active").data("base", 0, 9);

        Plan plan = fleet.plan(change().maxDepth(1).keepNewest(2).build());

        assertThat(plan.ends()).extracting(e -> e.image().path()).doesNotContain("s1", "s2");
        SafetyRule rule = SafetyRule.of(fleet.snapshot(), change().keepNewest(2).build());
        assertThat(rule.retires(fleet.snapshot().forest().node(ref("s1")).orElseThrow()))
                .hasValueSatisfying(problem -> {
                    assertThat(problem.reason()).isEqualTo(SkipReason.KEPT);
                    assertThat(problem.sentence())
                            .isEqualTo("p/s1 is among the newest layers of a chain, of which 2 are kept");
                });
    }

    @Test
    void theBudgetIsForEachPool() {
        Fleet fleet = Fleet.of("a0 <- a1", "b0 <- b1", "q/c0 <- q/c1")
                .data("a0", 0, 100)
                .data("b0", 0, 100)
                .data("q/c0", 0, 100)
                .incomplete("p")
                .incomplete("q");

        Plan plan = fleet.plan(
                change().maxDepth(1).budgetBytes(150L * Fleet.CLUSTER).build());

        assertThat(plan.jobs()).extracting(job -> job.top().toString()).containsExactly("p/a1", "q/c1");
        assertThat(plan.skips())
                .extracting(Plan.Skip::reason, Plan.Skip::sentence)
                .containsExactly(org.assertj.core.groups.Tuple.tuple(
                        SkipReason.BUDGET,
                        "merging into p/b1 needs 6.3 MiB, and 3.1 MiB are left of the budget of pool p in this run"
                                + " (a later run may have room; else raise budget)"));
    }

    @Test
    void spansOfTimeAndSizesAreReadAsPeopleWriteThem() {
        assertThat(List.of("0", "30s", "90m", "36h", "7d", "2w").stream().map(Durations::parse))
                .containsExactly(
                        Duration.ZERO,
                        Duration.ofSeconds(30),
                        Duration.ofMinutes(90),
                        Duration.ofHours(36),
                        Duration.ofDays(7),
                        Duration.ofDays(14));
        assertThat(List.of("90m", "36h", "7d", "30s", "0s").stream().map(text -> Durations.text(Durations.parse(text))))
                .containsExactly("90m", "36h", "7d", "30s", "0s");
        assertThatThrownBy(() -> Durations.parse("7 days"))
                .hasMessage("'7 days' is no span of time such as 7d, 36h, 90m or 30s");
        assertThat(List.of("0", "512", "500M", "20g", "3GiB", "1kb").stream().map(Bytes::parse))
                .containsExactly(0L, 512L, 500L << 20, 20L << 30, 3L << 30, 1024L);
        assertThatThrownBy(() -> Bytes.parse("-1")).hasMessage("'-1' is no size such as 500M or 20G");
        assertThatThrownBy(() -> Bytes.parse("99E")).hasMessage("'99E' is too large a size");
    }

    private static PolicyBuilder change() {
        return Policy.DEFAULT.change();
    }

    private static PolicyBuilder newerThan(int days) {
        return change().keepNewerThan(Optional.of(Duration.ofDays(days)));
    }

    private static PolicyBuilder olderThan(int days) {
        return change().keepOlderThan(Optional.of(Duration.ofDays(days)));
    }

    private static List<String> kept(Fleet fleet, PolicyBuilder policy) {
        Snapshot snapshot = fleet.snapshot();
        KeepRule rule = new KeepRule(snapshot, policy.build());
        return snapshot.forest().nodes().stream()
                .filter(node -> rule.keeps(node).isPresent())
                .map(node -> node.ref().path())
                .toList();
    }

    private static List<String> matches(String glob, String... paths) {
        Globs globs = new Globs(List.of(glob));
        return List.of(paths).stream()
                .filter(path -> globs.match(ImageRef.parse("p/" + path)).isPresent())
                .toList();
    }

    /** @param bornDaysAgo 0: the filesystem does not know */
    private static void times(Fleet fleet, String name, int bornDaysAgo, int writtenDaysAgo) {
        fleet.change(name, node -> with(node, -bornDaysAgo * DAY.toNanos(), -writtenDaysAgo * DAY.toNanos()));
    }

    private static ImageNode with(ImageNode n, long birthNanos, long mtimeNanos) {
        FileFacts facts = n.facts();
        return new ImageNode(
                n.ref(),
                n.otherNames(),
                new FileFacts(facts.poolId(), facts.inode(), birthNanos, facts.sizeBytes(), mtimeNanos, mtimeNanos),
                n.format(),
                n.virtualSizeBytes(),
                n.clusterSizeBytes(),
                n.allocatedBytes(),
                n.filesystem(),
                n.use(),
                n.backing(),
                n.traits(),
                n.problems());
    }
}
