package io.planish.plan;

import static io.planish.chain.Chains.ref;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.planish.chain.ChainText;
import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Trait;
import io.planish.chain.Use;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.SkipReason;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PlannerTest {
    private static final int MIB = (1 << 20) / Fleet.CLUSTER;

    @Test
    void layersAreCommittedIntoTheMiddleWhenThatWritesLeast() {
        Fleet fleet = Fleet.of("base <- lo <- mid <- hi")
                .data("base", 0, 2000 * MIB)
                .data("lo", 0, MIB)
                .data("mid", 100 * MIB, 700 * MIB)
                .data("hi", 2 * MIB, 5 * MIB);
        List.of("base", "lo", "mid", "hi").forEach(name -> fleet.size(name, 2000 * MIB));

        Plan plan = fleet.plan(2);

        assertThat(text(plan)).containsExactly("COMMIT lo..hi -> mid on base as hi, retire lo, write 4.0 MiB");
    }

    @Test
    void costsOfAllThreeTargetsAreCountedFromWhatEachHolds() {
        Fleet fleet = Fleet.of("lo <- mid <- hi")
                .data("lo", 0, MIB)
                .data("mid", 100 * MIB, 700 * MIB)
                .data("hi", 2 * MIB, 5 * MIB);
        List.of("lo", "mid", "hi").forEach(name -> fleet.size(name, 1000 * MIB));

        assertThat(fleet.plan(policy(1, List.of(), List.of("mid"))).jobs())
                .as("hi is the only target left when mid may not be touched")
                .extracting(job -> Bytes.text(job.bytesToWrite()))
                .containsExactly("601.0 MiB");
        fleet.traits("mid", Trait.ZERO_CLUSTERS, Trait.BITMAPS);
        assertThat(fleet.plan(1).jobs())
                .as("bitmaps that can be carried over change nothing")
                .extracting(job -> job.target().path())
                .containsExactly("mid");
        fleet.traits("mid", Trait.ZERO_CLUSTERS, Trait.BITMAPS, Trait.INCONSISTENT_BITMAPS);
        assertThat(fleet.plan(1).jobs())
                .as("mid's inconsistent bitmap leaves hi")
                .extracting(job -> job.target().path())
                .containsExactly("hi");
    }

    @Test
    void aLargePrivateBaseTakesTheLeafsNameWhenOneFileIsWanted() {
        Fleet fleet = Fleet.of("base <- s1 <- active")
                .data("base", 0, 500)
                .data("s1", 10, 12)
                .data("active", 11, 14);

        Plan plan = fleet.plan(1);

        assertThat(text(plan)).containsExactly("COMMIT base..active -> base as active, retire s1, write 256.0 KiB");
        assertThat(plan.ends()).extracting(e -> e.image().path()).containsExactly("base", "s1");
        assertThat(plan.leaves()).containsExactly(new Plan.LeafDepth(ref("active"), 3, 1));
    }

    @Test
    void aLargePrivateBaseStaysWhereItIsWhenTwoFilesAreAllowed() {
        Fleet fleet = Fleet.of("base <- s1 <- s2 <- active")
                .data("base", 0, 500)
                .data("s1", 10, 12)
                .data("s2", 20, 40)
                .data("active", 11, 14);

        assertThat(text(fleet.plan(2)))
                .containsExactly("COMMIT s1..active -> s2 on base as active, retire s1, write 256.0 KiB");
    }

    @Test
    void onlyPullsArePlannedInAPoolThatIsNotComplete() {
        Fleet fleet = Fleet.of("base <- s1 <- active").data("base", 0, 500).incomplete("p");

        assertThat(text(fleet.plan(1))).containsExactly("PULL base..active -> active, write 31.3 MiB");
    }

    @Test
    void aSharedTrunkIsShortenedOnceForAllItsLeaves() {
        Fleet fleet = Fleet.of("g1 <- g2 <- g3 <- [a1 <- a2, b, c1 <- c2 <- c3]")
                .data("g1", 0, 100)
                .data("g2", 100, 101)
                .data("g3", 101, 102);

        Plan plan = fleet.plan(2);

        assertThat(text(plan))
                .containsExactly(
                        "COMMIT g1..g3 -> g1, relink a1 b c1, retire g3 g2, write 128.0 KiB",
                        "PULL a1..a2 -> a2 on g1, retire a1, write 0 B",
                        "PULL c1..c3 -> c3 on g1, retire c2 c1, write 0 B");
        assertThat(plan.jobs().get(1).dependsOn()).containsExactly("j0001");
        assertThat(plan.skips()).isEmpty();
        assertThat(plan.leaves())
                .containsExactly(
                        new Plan.LeafDepth(ref("a2"), 5, 2),
                        new Plan.LeafDepth(ref("b"), 4, 2),
                        new Plan.LeafDepth(ref("c3"), 6, 2));
    }

    @Test
    void aTrunkUnderARunningGuestIsLeftAndItsOtherLeavesGoAsLowAsTheyCan() {
        Fleet fleet = Fleet.of("g1 <- g2 <- [a1 <- a2, b1 <- b2]")
                .use("g1", Use.READ)
                .use("g2", Use.READ)
                .use("b1", Use.READ)
                .use("b2", Use.WRITTEN);

        Plan plan = fleet.plan(2);

        assertThat(text(plan)).containsExactly("PULL a1..a2 -> a2 on g2, retire a1, write 0 B");
        assertThat(plan.skips())
                .extracting(skip -> skip.image().path() + " " + skip.reason() + ": " + skip.sentence())
                .containsExactly("a2 IN_USE: p/g2 is open elsewhere", "b2 IN_USE: p/b2 is open elsewhere for writing");
    }

    @Test
    void whatIsSharedStaysOneFileAndTheReasonIsTold() {
        Plan plan = Fleet.of("g1 <- [x <- [a, b], c]").plan(1);

        assertThat(plan.jobs()).isEmpty();
        assertThat(plan.skips())
                .extracting(Plan.Skip::reason)
                .containsExactly(SkipReason.SHARED_BASE, SkipReason.SHARED_BASE, SkipReason.SHARED_BASE);
    }

    @Test
    void unsharingGivesALeafItsOwnCopyAndNothingSharedGoes() {
        Fleet fleet = Fleet.of("g1 <- g2 <- [a1 <- a2, b]")
                .data("g1", 0, 10)
                .data("g2", 5, 20)
                .data("a1", 18, 22)
                .data("a2", 0, 1);

        assertThat(fleet.plan(1).skips())
                .extracting(Plan.Skip::sentence)
                .containsExactly(
                        "p/a2 keeps a chain of 2 files: it shares p/g2 with 1 other image; a copy of its own would write 1.1 MiB (unshare allows it)",
                        "p/b keeps a chain of 2 files: it shares p/g2 with 1 other image; a copy of its own would write 1.3 MiB (unshare allows it)");
        Plan plan = fleet.plan(unsharing(1));

        assertThat(text(plan))
                .containsExactly("COMMIT g1..a2 -> a1 as a2, write 1.1 MiB", "PULL g1..b -> b, write 1.3 MiB");
        assertThat(plan.leaves())
                .containsExactly(new Plan.LeafDepth(ref("a2"), 4, 1), new Plan.LeafDepth(ref("b"), 3, 1));
        assertThat(plan.skips()).isEmpty();
    }

    @Test
    void unsharingGoesNoFurtherThanNeeded() {
        Fleet fleet = Fleet.of("g1 <- [x <- y <- a, c]")
                .data("g1", 0, 50)
                .data("x", 0, 10)
                .data("y", 5, 20);

        assertThat(text(fleet.plan(unsharing(2))))
                .containsExactly("COMMIT x..a -> y on g1 as a, retire x, write 320.0 KiB");
    }

    @Test
    void oneCopyIsMadeForSeveralWhereThatIsCheaper() {
        Fleet fleet = Fleet.of("g1 <- [x <- y <- [a, b], c]").data("x", 0, 10).data("y", 5, 20);

        assertThat(text(fleet.plan(unsharing(2)))).containsExactly("PULL g1..y -> y, retire x, write 320.0 KiB");
    }

    @Test
    void imagesAreUnsharedWhereThatIsCheaperThanAShorterTrunk() {
        Fleet fleet = Fleet.of("g1 <- g2 <- [a, b]")
                .data("g1", 0, 100)
                .data("g2", 50, 150)
                .data("a", 0, 148)
                .data("b", 1, 150);

        assertThat(text(fleet.plan(2))).containsExactly("PULL g1..g2 -> g2, retire g1, write 3.1 MiB");
        assertThat(text(fleet.plan(unsharing(2))))
                .containsExactly("PULL g2..a -> a on g1, write 128.0 KiB", "PULL g2..b -> b on g1, write 0 B");
    }

    @Test
    void aLayerWithInternalSnapshotsBelowACommitsTargetStays() {
        Fleet fleet = Fleet.of("base <- s1 <- s2 <- active")
                .data("s2", 0, 100)
                .traits("s1", Trait.ZERO_CLUSTERS, Trait.INTERNAL_SNAPSHOTS);

        assertThat(text(fleet.plan(1))).containsExactly("COMMIT base..active -> s2 as active, write 0 B");
    }

    @Test
    void aJobExpectsTheWholeChainAndWhatAnEarlierJobTouchesOnlyByItsLinks() {
        Plan plan = Fleet.of("g1 <- g2 <- [a1 <- a2, b]").data("g1", 0, 9).plan(2);

        assertThat(plan.jobs()).hasSize(2);
        Job trunk = plan.jobs().getFirst();
        Job leaf = plan.jobs().get(1);
        assertThat(trunk.expects())
                .extracting(e -> e.image().path() + " " + e.unchanged().isPresent())
                .containsExactly("g1 true", "g2 true", "a1 true", "b true");
        assertThat(leaf.expects())
                .extracting(
                        Expectation::image,
                        Expectation::backing,
                        e -> e.unchanged().isPresent())
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(ref("g1"), Optional.empty(), false),
                        org.assertj.core.groups.Tuple.tuple(ref("a1"), Optional.of(ref("g1")), false),
                        org.assertj.core.groups.Tuple.tuple(ref("a2"), Optional.of(ref("a1")), true));
    }

    @Test
    void aKeptLayerStaysAndMayBePulledInto() {
        Plan plan = Fleet.of("base <- s1 <- s2 <- active")
                .data("base", 0, 9)
                .data("active", 10, 20)
                .plan(policy(2, List.of("s1"), List.of()));

        assertThat(text(plan)).containsExactly("PULL s1..active -> active on base, retire s2, write 0 B");
        assertThat(plan.ends()).extracting(e -> e.image().path()).containsExactly("s2");
    }

    @Test
    void aLayerBelowOneThatStaysStaysToo() {
        Plan plan = Fleet.of("base <- s1 <- s2 <- active")
                .data("base", 0, 9)
                .data("s1", 0, 9)
                .plan(policy(1, List.of("s2"), List.of()));

        assertThat(text(plan)).containsExactly("PULL base..active -> active, write 576.0 KiB");
    }

    @Test
    void aReferencedLayerIsKeptUnlessRestorePointsMayBeDropped() {
        Fleet fleet = Fleet.of("base <- s1 <- active").data("active", 0, 9).referenced("base", "s1", "active");

        assertThat(text(fleet.plan(1))).containsExactly("PULL base..active -> active, write 0 B");
        assertThat(text(fleet.plan(Policy.DEFAULT
                        .change()
                        .maxDepth(1)
                        .dropRestorePoints(true)
                        .build())))
                .containsExactly("PULL base..active -> active, retire s1 base, write 0 B");
    }

    @Test
    void nothingIsWrittenToAProtectedLeaf() {
        Plan plan = Fleet.of("base <- s1 <- s2 <- leaf").plan(policy(1, List.of(), List.of("leaf")));

        assertThat(text(plan)).containsExactly("PULL base..s2 -> s2, retire s1 base, write 0 B");
        assertThat(plan.skips()).extracting(Plan.Skip::reason).containsExactly(SkipReason.PROTECTED);
    }

    @Test
    void aRawBaseTakesDataUnderItsOwnNameOnly() {
        Fleet fleet = Fleet.of("base <- s1 <- active")
                .raw("base")
                .data("base", 0, 900)
                .data("s1", 3, 5)
                .data("active", 100, 200);

        assertThat(text(fleet.plan(2)))
                .containsExactly("COMMIT base..s1 -> base, relink active, retire s1, write 128.0 KiB");
        assertThat(text(fleet.plan(1))).containsExactly("PULL base..active -> active, retire s1 base, write 50.0 MiB");
    }

    @Test
    void aChainThatCannotBeReadIsLeftAloneAndOthersGoOn() {
        for (SkipReason reason : List.of(
                SkipReason.BACKING_MISSING,
                SkipReason.UNSUPPORTED_FEATURE,
                SkipReason.CORRUPT,
                SkipReason.HALF_MERGED,
                SkipReason.AMBIGUOUS_BACKING)) {
            Plan plan = Fleet.of("base <- s1 <- a", "b <- s2 <- c")
                    .problem("s1", reason)
                    .plan(1);

            assertThat(plan.jobs()).extracting(job -> job.top().path()).containsExactly("c");
            assertThat(plan.skips()).containsExactly(new Plan.Skip(ref("a"), reason, "p/s1 has " + reason));
        }
    }

    @Test
    void anOverlayThatCannotBeReadKeepsItsBackingFileFromBeingCommittedInto() {
        Plan plan = Fleet.of("base <- s1 <- [a, b]")
                .problem("b", SkipReason.UNSUPPORTED_FEATURE)
                .data("base", 0, 9)
                .plan(2);

        assertThat(text(plan)).containsExactly("PULL base..s1 -> s1, retire base, write 576.0 KiB");
    }

    @Test
    void aHardLinkedImageIsOnlyRead() {
        Plan plan = Fleet.of("base <- s1 <- active")
                .problem("s1", SkipReason.HARD_LINKED)
                .plan(1);

        assertThat(text(plan)).containsExactly("PULL base..active -> active, write 0 B");
    }

    @Test
    void zeroesCostNothingInVersion3AndAreWrittenInVersion2() {
        Fleet fleet = Fleet.of("base <- s1 <- active").data("base", 0, 100).zero("s1", 0, 50);
        assertThat(fleet.plan(2).jobs().getFirst().bytesToWrite()).isZero();

        fleet.traits("active").traits("base").incomplete("p");
        assertThat(fleet.plan(2).jobs().getFirst().bytesToWrite()).isEqualTo(50L * Fleet.CLUSTER);
    }

    @Test
    void costsAreCountedInTheTargetsClusters() {
        Fleet fleet = Fleet.of("base <- s1 <- active")
                .clusterBytes("s1", 4096)
                .data("base", 0, 100)
                .data("s1", 0, 17)
                .incomplete("p");

        assertThat(fleet.plan(2).jobs().getFirst().bytesToWrite()).isEqualTo(2L * Fleet.CLUSTER);
    }

    @Test
    void aLayerShorterThanADeeperOneHidesItWithZeroes() {
        Fleet fleet = Fleet.of("base <- s1 <- active")
                .size("base", 100)
                .size("s1", 10)
                .size("active", 100)
                .data("base", 0, 100)
                .incomplete("p");

        assertThat(fleet.plan(1).jobs().getFirst().bytesToWrite()).isEqualTo(10L * Fleet.CLUSTER);
    }

    @Test
    void ofTargetsThatCostTheSameTheHighestIsTakenWhateverItsName() {
        for (String chain : List.of("a <- b <- c", "c <- b <- a", "b <- c <- a")) {
            String top = chain.substring(chain.length() - 1);
            Fleet fleet = Fleet.of(chain);
            List.of("a", "b", "c").forEach(name -> fleet.data(name, name.charAt(0) * 10, name.charAt(0) * 10 + 5));
            fleet.traits(chain.substring(5, 6));

            assertThat(fleet.plan(1).jobs()).singleElement().satisfies(job -> {
                assertThat(job.target()).isEqualTo(ref(top));
                assertThat(job.bytesToWrite()).isEqualTo(10L * Fleet.CLUSTER);
            });
        }
    }

    @Test
    void jobsThatDoNotFitAreLeftOut() {
        Fleet fleet = Fleet.of("a0 <- a1", "b0 <- b1")
                .data("a0", 0, 100)
                .data("b0", 0, 100)
                .incomplete("p")
                .free(Policy.DEFAULT.headroomBytes() + 150L * Fleet.CLUSTER);

        Plan plan = fleet.plan(1);

        assertThat(plan.jobs()).extracting(job -> job.top().path()).containsExactly("a1");
        assertThat(plan.skips())
                .containsExactly(new Plan.Skip(
                        ref("b1"),
                        SkipReason.NO_SPACE,
                        "merging into p/b1 needs 6.3 MiB, and 3.1 MiB are left beside the headroom of 64.0 MiB (make room, or"
                                + " lower headroom)"));
    }

    @Test
    void whatDoesNotFitYetComesAfterWhatMakesRoom() {
        Fleet fleet = Fleet.of("a0 <- a1", "b0 <- b1")
                .data("a0", 0, 20)
                .data("b0", 0, 3)
                .data("b1", 4, 9)
                .free(10L * Fleet.CLUSTER);
        List.of("a0", "a1").forEach(name -> fleet.change(name, image -> allocating(image, 20)));
        List.of("b0", "b1").forEach(name -> fleet.change(name, image -> allocating(image, 30)));
        fleet.data("a1", 30, 50);
        Policy removing =
                unsharing(1).change().headroomBytes(0).grace(Duration.ZERO).build();

        Plan plan = fleet.plan(removing);

        assertThat(plan.jobs()).extracting(job -> job.top().path()).containsExactly("b1", "a1");
        assertThat(plan.jobs().getLast().dependsOn()).containsExactly("j0001");
        assertThat(plan.skips()).isEmpty();
        assertThat(fleet.plan(removing.change().grace(Duration.ofDays(1)).build())
                        .skips())
                .extracting(Plan.Skip::reason)
                .containsExactly(SkipReason.NO_SPACE);
    }

    @Test
    void whatDoesNotFitIntoOneFilesystemGoesIntoAnother() {
        Fleet fleet = Fleet.of("p/a0 <- p/a1 <- p/a2", "p/base <- p/s1 <- q/active")
                .data("p/a0", 0, 8)
                .data("p/a1", 8, 16)
                .data("p/a2", 20, 30)
                .data("p/base", 0, 5)
                .data("p/s1", 0, 3)
                .data("q/active", 50, 54)
                .filesystemsApart()
                .free(9L * Fleet.CLUSTER);
        Policy policy = Policy.DEFAULT.change().headroomBytes(0).build();

        assertThat(text(fleet.plan(policy)))
                .containsExactly(
                        "PULL a0..a1 -> a1, retire a0, write 512.0 KiB",
                        "PULL s1..active -> active on base, retire s1, write 192.0 KiB");
    }

    private static ImageNode allocating(ImageNode image, int clusters) {
        return new ImageNode(
                image.ref(),
                image.otherNames(),
                image.facts(),
                image.format(),
                image.virtualSizeBytes(),
                image.clusterSizeBytes(),
                (long) clusters * Fleet.CLUSTER,
                image.filesystem(),
                image.use(),
                image.backing(),
                image.traits(),
                image.problems());
    }

    @Test
    void aLeafOnAnotherFilesystemIsPulledInto() {
        Fleet fleet = Fleet.of("base <- active").data("base", 0, 100).filesystem("base", 1);

        assertThat(text(fleet.plan(1))).containsExactly("PULL base..active -> active, retire base, write 6.3 MiB");
    }

    @Test
    void theSameSnapshotGivesTheSamePlan() {
        Fleet fleet = Fleet.of("g1 <- g2 <- g3 <- [a1 <- a2, b, c1 <- c2 <- c3]", "x <- y <- z");

        assertThat(fleet.plan(2)).isEqualTo(fleet.plan(2));
    }

    @Test
    void aChainOfAThousandLayersIsPlannedInSeconds() {
        StringBuilder drawing = new StringBuilder("l0");
        for (int i = 1; i < 1000; i++) {
            drawing.append(" <- l").append(i);
        }
        Fleet fleet = Fleet.of(drawing.toString()).data("l0", 0, 900);
        for (int i = 1; i < 1000; i++) {
            fleet.data("l" + i, i, i + 2);
        }

        long start = System.nanoTime();
        Plan plan = fleet.plan(2);

        assertThat(plan.leaves()).containsExactly(new Plan.LeafDepth(ref("l999"), 1000, 2));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
    }

    @Test
    void aGoldenImageUnderThousandsOfGuestsIsPlannedInSeconds() {
        StringBuilder drawing = new StringBuilder("gold <- [");
        for (int i = 0; i < 3000; i++) {
            drawing.append(i == 0 ? "" : ", ").append("a%d <- b%d <- c%d".formatted(i, i, i));
        }
        Fleet fleet = Fleet.of(drawing + "]").data("gold", 0, 900);

        Plan plan = assertTimeout(Duration.ofSeconds(30), () -> fleet.plan(2));

        assertThat(plan.jobs()).hasSize(3000);
        assertThat(plan.skips()).isEmpty();
    }

    @Test
    void aChainThatForksAtEveryLayerIsPlannedInSeconds() {
        StringBuilder text = new StringBuilder("l0");
        for (int i = 1; i < 500; i++) {
            text.append(" <- [s%d, l%d".formatted(i, i));
        }
        Fleet fleet = Fleet.of(text + "]".repeat(499)).data("l0", 0, 900);

        Plan plan = assertTimeout(Duration.ofSeconds(30), () -> fleet.plan(2));

        assertThat(plan.jobs()).isEmpty();
        assertThat(plan.skips()).hasSize(499);
    }

    @Test
    void thePlansJobsLeadToTheForestThatIsPromised() {
        Fleet fleet = Fleet.of("base <- s1 <- s2 <- s3 <- active").data("base", 0, 100);
        Forest now = fleet.snapshot().forest();
        for (Job job : fleet.plan(2).jobs()) {
            now = Aftermath.of(job, now);
        }

        assertThat(ChainText.chain(now, ref("active"), n -> n.ref().path())).isEqualTo("base <- active");
    }

    private static Policy policy(int maxDepth, List<String> keep, List<String> protect) {
        return Policy.DEFAULT
                .change()
                .maxDepth(maxDepth)
                .keep(keep)
                .protect(protect)
                .grace(Duration.ZERO)
                .build();
    }

    private static Policy unsharing(int maxDepth) {
        return Policy.DEFAULT.change().maxDepth(maxDepth).unshare(true).build();
    }

    /** Each job on a line: {@code COMMIT lo..top -> target on base as leaf, relink …, retire …, write …}. */
    private static List<String> text(Plan plan) {
        return plan.jobs().stream().map(PlannerTest::text).toList();
    }

    private static String text(Job job) {
        List<ImageRef> chain = job.expects().stream().map(Expectation::image).toList();
        ImageRef lo = chain.get(job.base().map(chain::indexOf).orElse(-1) + 1);
        return job.kind() + " " + lo.path() + ".." + job.top().path() + " -> "
                + job.target().path()
                + job.base().map(b -> " on " + b.path()).orElse("")
                + job.replaces().map(r -> " as " + r.path()).orElse("")
                + (job.relinks().isEmpty()
                        ? ""
                        : ", relink "
                                + job.relinks().stream()
                                        .map(r -> r.overlay().path())
                                        .collect(Collectors.joining(" ")))
                + (job.retires().isEmpty()
                        ? ""
                        : ", retire "
                                + job.retires().stream().map(ImageRef::path).collect(Collectors.joining(" ")))
                + ", write " + Bytes.text(job.bytesToWrite()).toString();
    }
}
