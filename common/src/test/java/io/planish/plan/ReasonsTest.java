package io.planish.plan;

import static io.planish.chain.Chains.ref;
import static org.assertj.core.api.Assertions.assertThat;

import io.planish.job.SkipReason;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each reason that a plan may have, provoked, with the image it names and what it says to do. */
class ReasonsTest {

    @Test
    void inUse() {
        assertReason(SkipReason.IN_USE, "p/b is open elsewhere for writing", "forest a <- b{running}", "max-depth 1");
        assertReason(SkipReason.IN_USE, "p/b is open elsewhere", "forest a <- b{read}", "max-depth 1");
    }

    @Test
    void sharedBaseTellsWithHowManyAndWhatACopyWouldCost() {
        assertReason(
                SkipReason.SHARED_BASE,
                "p/b keeps a chain of 2 files: it shares p/a with 2 other images; a copy of its own would write 5.0 MiB"
                        + " (unshare allows it)",
                "forest a{5M} <- [b{1M}, c{1M} <- d{1M protected}, e{1M}]".replace(" protected", ""),
                "max-depth 1",
                "protect c d");
    }

    @Test
    void sharedBaseWhereOverlaysMayBeUnseen() {
        assertReason(
                SkipReason.SHARED_BASE,
                "p/b may have overlays that were not seen: pool p is not complete (declare it complete if all overlays of its"
                        + " images lie in the pools, and see that all of them can be looked at)",
                "forest a{5M} <- b{1M} <- c{1M}",
                "incomplete p",
                "direction commit");
    }

    @Test
    void protectedByAPattern() {
        assertReason(
                SkipReason.PROTECTED, "p/b is protected by 'b*'", "forest a{1M} <- b{1M}", "max-depth 1", "protect b*");
    }

    @Test
    void keptByAPatternByNumberAndByAge() {
        assertReason(
                SkipReason.KEPT,
                "p/b is kept by 'b'",
                "forest a{1M} <- b{1M} <- c{1M}",
                "max-depth 1",
                "keep b",
                "direction commit");
        assertReason(
                SkipReason.KEPT,
                "p/b is among the newest layers of a chain, of which 1 are kept",
                "forest a{1M} <- b{1M} <- c{1M}",
                "max-depth 1",
                "keep-newest 1",
                "direction commit");
        assertReason(
                SkipReason.KEPT,
                "p/b is kept for being newer than 7d",
                "forest a{1M} <- b{1M} <- c{1M}",
                "max-depth 1",
                "keep-newer-than 7d",
                "direction commit");
    }

    @Test
    void referencedFromOutside() {
        assertReason(
                SkipReason.REFERENCED,
                "p/b is a restore point that something outside refers to (drop-restore-points lets it end)",
                "forest a{1M} <- b{1M referenced} <- c{1M}",
                "max-depth 1",
                "direction commit");
    }

    @Test
    void internalSnapshots() {
        assertReason(
                SkipReason.INTERNAL_SNAPSHOTS,
                "p/b holds internal snapshots that would be lost (delete them with qemu-img snapshot -d if nobody needs them)",
                "forest a{1M} <- b{1M snapshots}",
                "max-depth 1");
    }

    @Test
    void unsupportedBitmaps() {
        assertReason(
                SkipReason.UNSUPPORTED_FEATURE,
                "p/b holds a persistent bitmap that was not saved correctly or is not understood (remove it with qemu-img bitmap"
                        + " --remove)",
                "forest a{1M} <- b{1M broken-bitmaps} <- c{1M}",
                "max-depth 1",
                "direction commit");
    }

    @Test
    void noSpaceAndBudget() {
        assertReason(
                SkipReason.NO_SPACE,
                "merging into p/",
                "forest a{100M} <- b{100M}",
                "max-depth 1",
                "free 70M",
                "headroom 64M");
        assertReason(SkipReason.BUDGET, "merging into p/", "forest a{100M} <- b{100M}", "max-depth 1", "budget 20M");
    }

    @Test
    void whatIsCutToWhatFitsSaysHowFarItGets() {
        assertReason(
                SkipReason.BUDGET,
                "p/d is cut to what fits, 3 files instead of 1: merging into p/",
                "forest a{100M} <- b{70M} <- c{5M} <- d{60M}",
                "max-depth 1",
                "budget 20M");
    }

    @Test
    void ofWhatMustStayInATreeThatChangesItIsToldWhy() {
        DrawnFleet drawn = DrawnFleet.of(List.of(
                "forest gold{9M} <- a{1M} <- b{1M hard-linked} <- c{1M} <- d{1M}", "max-depth 2", "protect gold"));

        Plan plan = drawn.fleet().plan(drawn.policy());

        assertThat(plan.jobs()).hasSize(1);
        assertThat(plan.stays())
                .containsExactly(
                        new Plan.Skip(
                                ref("a"),
                                SkipReason.HARD_LINKED,
                                "p/a stays the backing file of p/b, which has to stay"),
                        new Plan.Skip(ref("b"), SkipReason.HARD_LINKED, "p/b has HARD_LINKED"),
                        new Plan.Skip(ref("gold"), SkipReason.PROTECTED, "p/gold is protected by 'gold'"));
    }

    @Test
    void belowTheLeastDepth() {
        assertReason(
                SkipReason.BELOW_MIN_DEPTH,
                "p/c has a chain of 3 files, which is below the least depth of 4 (lower min-depth to have it shortened)",
                "forest a{1M} <- b{1M} <- c{1M}",
                "min-depth 4");
    }

    @ParameterizedTest
    @EnumSource(
            value = SkipReason.class,
            names = {
                "BACKING_MISSING",
                "BACKING_LOOP",
                "BACKING_FORMAT_MISSING",
                "AMBIGUOUS_BACKING",
                "OUTSIDE_ROOTS",
                "HALF_MERGED",
                "UNREADABLE",
                "CORRUPT",
                "UNSUPPORTED_FEATURE"
            })
    void whatKeepsAChainFromBeingReadIsToldWhateverItsDepth(SkipReason reason) {
        String word = reason.name().toLowerCase(Locale.ROOT).replace('_', '-');
        assertReason(reason, "p/b has " + reason, "forest a{1M} <- b{1M " + word + "}");
    }

    @ParameterizedTest
    @EnumSource(
            value = SkipReason.class,
            names = {"HARD_LINKED", "READ_ONLY"})
    void whatKeepsAnImageFromBeingWrittenIsToldWhereNothingElseHelps(SkipReason reason) {
        String word = reason.name().toLowerCase(Locale.ROOT).replace('_', '-');
        assertReason(reason, "p/b has " + reason, "forest a{1M} <- b{1M " + word + "}", "max-depth 1");
    }

    @Test
    void anOwnershipThatCannotBeReadIsTold() {
        DrawnFleet drawn = DrawnFleet.of(List.of("forest a{1M} <- b{1M} <- c{1M}"));
        Snapshot seen = drawn.fleet().snapshot();
        Snapshot unreadable = new Snapshot(
                seen.id(),
                seen.takenAt(),
                seen.pools(),
                seen.forest(),
                image -> {
                    throw new IOException(image + ": the disk is on fire");
                },
                seen.referenced(),
                seen.findings());

        assertThat(Planner.plan(unreadable, drawn.policy()).skips())
                .singleElement()
                .satisfies(skip -> {
                    assertThat(skip.reason()).isEqualTo(SkipReason.UNREADABLE);
                    assertThat(skip.sentence()).endsWith(": the disk is on fire");
                });
    }

    private static void assertReason(SkipReason reason, String sentence, String... lines) {
        DrawnFleet drawn = DrawnFleet.of(List.of(lines));
        Plan plan = drawn.fleet().plan(drawn.policy());
        assertThat(plan.skips()).anySatisfy(skip -> {
            assertThat(skip.reason()).isEqualTo(reason);
            assertThat(skip.sentence()).startsWith(sentence);
        });
    }
}
