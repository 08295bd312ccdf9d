package io.planish.plan;

import static io.planish.chain.Chains.ref;
import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.BackingLink;
import io.planish.chain.Chains;
import io.planish.chain.Forest;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Trait;
import io.planish.chain.Use;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import io.planish.job.SkipReason;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SafetyRuleTest {
    private static final Policy POLICY = Policy.DEFAULT;

    /** {@code base <- s1 <- s2 <- active}: s2 into s1. */
    private static final Job MIDDLE = commit("s1", "base", "s2", List.of("active"), List.of("s2"));

    /** The same chain: all into base, which takes active's name. */
    private static final Job ALL = new Job(
            "j1",
            JobKind.COMMIT,
            ref("base"),
            Optional.empty(),
            ref("active"),
            List.of(),
            Optional.of(ref("active")),
            List.of(ref("s1"), ref("s2")),
            List.of(),
            List.of(),
            0,
            0);

    private static final Job PULL = pull("active", "base", List.of("s2", "s1"));

    private static Fleet line() {
        return Fleet.of("base <- s1 <- s2 <- active");
    }

    @Test
    void whatNobodyElseSeesMayBeMerged() {
        assertThat(check(line(), MIDDLE)).isEmpty();
        assertThat(check(line(), ALL)).isEmpty();
        assertThat(check(line(), PULL)).isEmpty();
    }

    @Test
    void commitIsRefusedWhenItsTargetHasTwoOverlays() {
        assertRefused(Fleet.of("base <- s1 <- [s2 <- active, other]"), MIDDLE, SkipReason.SHARED_BASE, "p/s1");
    }

    @Test
    void commitIsRefusedWhenALayerInBetweenHasTwoOverlays() {
        assertRefused(Fleet.of("base <- s1 <- s2 <- [active, other]"), ALL, SkipReason.SHARED_BASE, "p/s2");
    }

    @Test
    void commitIsRefusedWhenAnOverlayMayDependOnTheTargetInAWayThatCannotBeTold() {
        Fleet fleet = line().add(Chains.node("unclear", Optional.empty())
                .withBacking(Optional.of(new BackingLink("json:{}", Optional.empty(), List.of(ref("s1"))))));

        assertRefused(fleet, MIDDLE, SkipReason.SHARED_BASE, "p/s1");
    }

    @Test
    void commitIsRefusedWhenWhatWasSharedHasLostItsOtherOverlaysSince() {
        Snapshot before = Fleet.of("base <- s1 <- [s2 <- active, other]").snapshot();
        SafetyRule rule = SafetyRule.of(before, POLICY);

        assertThat(rule.check(MIDDLE, line().snapshot().forest()))
                .map(Problem::reason)
                .contains(SkipReason.SHARED_BASE);
    }

    @Test
    void commitIsRefusedInAPoolThatIsNotComplete() {
        assertRefused(line().incomplete("p"), MIDDLE, SkipReason.SHARED_BASE, "pool p is not complete");
        assertThat(check(line().incomplete("p"), pull("active", "base", List.of())))
                .isEmpty();
    }

    @Test
    void commitIsRefusedWhenAnyOfItsFilesIsOpenElsewhere() {
        for (String name : List.of("s1", "s2", "active")) {
            assertRefused(line().use(name, Use.READ), MIDDLE, SkipReason.IN_USE, "p/" + name);
        }
    }

    @Test
    void commitIsRefusedWhenAnyOfItsFilesIsHardLinkedOrReadOnly() {
        for (SkipReason reason : List.of(SkipReason.HARD_LINKED, SkipReason.READ_ONLY)) {
            for (String name : List.of("s1", "s2", "active")) {
                assertRefused(line().problem(name, reason), MIDDLE, reason, "p/" + name);
            }
            assertRefused(line().problem("active", reason), ALL, reason, "p/active");
        }
    }

    @Test
    void commitIsRefusedWhenContentThatEndsIsKeptOrReferenced() {
        for (String name : List.of("s1", "s2")) {
            Policy keeping = policy(List.of(name), List.of(), false);
            assertThat(SafetyRule.of(line().snapshot(), keeping)
                            .check(MIDDLE, line().snapshot().forest()))
                    .map(Problem::reason)
                    .contains(SkipReason.KEPT);
            assertRefused(line().referenced(name), MIDDLE, SkipReason.REFERENCED, "p/" + name);
        }
        Snapshot referenced = line().referenced("s1", "s2").snapshot();
        assertThat(SafetyRule.of(referenced, policy(List.of(), List.of(), true)).check(MIDDLE, referenced.forest()))
                .isEmpty();
    }

    @Test
    void aReferencedOrKeptLeafMayBeReplacedSinceItsNameAndContentStay() {
        Snapshot snapshot = line().referenced("active").snapshot();

        assertThat(SafetyRule.of(snapshot, policy(List.of("active"), List.of(), false))
                        .check(ALL, snapshot.forest()))
                .isEmpty();
    }

    @Test
    void nothingProtectedIsWrittenRelinkedReplacedOrRetired() {
        for (String name : List.of("s1", "s2", "active")) {
            Policy protecting = policy(List.of(), List.of(name), true);
            Snapshot snapshot = line().snapshot();
            for (Job job : List.of(MIDDLE, ALL, PULL)) {
                assertThat(SafetyRule.of(snapshot, protecting).check(job, snapshot.forest()))
                        .as(job + " with " + name)
                        .map(Problem::reason)
                        .contains(SkipReason.PROTECTED);
            }
        }
    }

    @Test
    void commitIsRefusedWhenAFileThatEndsHoldsInternalSnapshotsOrAnInconsistentBitmap() {
        for (String name : List.of("s1", "s2", "active")) {
            assertRefused(
                    line().traits(name, Trait.ZERO_CLUSTERS, Trait.INTERNAL_SNAPSHOTS),
                    ALL,
                    SkipReason.INTERNAL_SNAPSHOTS,
                    "p/" + name);
            assertRefused(
                    line().traits(name, Trait.ZERO_CLUSTERS, Trait.BITMAPS, Trait.INCONSISTENT_BITMAPS),
                    ALL,
                    SkipReason.UNSUPPORTED_FEATURE,
                    "p/" + name);
        }
        assertRefused(
                line().traits("base", Trait.ZERO_CLUSTERS, Trait.BITMAPS, Trait.INCONSISTENT_BITMAPS),
                ALL,
                SkipReason.UNSUPPORTED_FEATURE,
                "p/base");
    }

    @Test
    void bitmapsGoDownWithACommitUnlessTheBaseIsOfVersion2() {
        for (String name : List.of("base", "s1", "s2", "active")) {
            assertThat(check(line().traits(name, Trait.ZERO_CLUSTERS, Trait.BITMAPS), ALL))
                    .as(name)
                    .isEmpty();
        }
        Fleet old = line().traits("base").traits("s2", Trait.ZERO_CLUSTERS, Trait.BITMAPS);
        assertRefused(old, ALL, SkipReason.UNSUPPORTED_FEATURE, "p/base");
    }

    @Test
    void aBaseWithInternalSnapshotsMayBeCommittedIntoUnlessItIsOfVersion2AndChangesItsSize() {
        assertThat(check(line().traits("base", Trait.ZERO_CLUSTERS, Trait.INTERNAL_SNAPSHOTS), ALL))
                .isEmpty();
        assertThat(check(line().traits("base", Trait.INTERNAL_SNAPSHOTS), ALL)).isEmpty();
        Fleet growing = line().traits("base", Trait.INTERNAL_SNAPSHOTS).size("active", 1 << 30);
        assertRefused(growing, ALL, SkipReason.INTERNAL_SNAPSHOTS, "p/base");
    }

    @Test
    void aLeafIsReplacedOnlyWithinItsFilesystem() {
        assertRefused(line().filesystem("active", 1), ALL, SkipReason.UNSUPPORTED_FEATURE, "is on another filesystem");
    }

    @Test
    void aRawImageTakesDataButNotTheNameOfAQcow2Leaf() {
        assertRefused(line().raw("base"), ALL, SkipReason.UNSUPPORTED_FEATURE, "differ in format");
        assertThat(check(line().raw("base"), commit("base", "", "s2", List.of("active"), List.of("s1", "s2"))))
                .isEmpty();
        assertThat(check(line().raw("base"), PULL)).isEmpty();
    }

    @Test
    void aCommitThatForgetsAnOverlayIsRefused() {
        Fleet fork = Fleet.of("base <- s1 <- s2 <- [a, b]");

        assertThat(check(fork, commit("s1", "base", "s2", List.of("a", "b"), List.of("s2"))))
                .isEmpty();
        assertRefused(fork, commit("s1", "base", "s2", List.of("a"), List.of("s2")), SkipReason.SHARED_BASE, "p/s2");
    }

    @Test
    void pullIsRefusedIntoWhatIsOpenHardLinkedOrHoldsInternalSnapshots() {
        assertRefused(line().use("active", Use.READ), PULL, SkipReason.IN_USE, "p/active");
        assertRefused(line().problem("active", SkipReason.HARD_LINKED), PULL, SkipReason.HARD_LINKED, "p/active");
        assertRefused(
                line().traits("active", Trait.ZERO_CLUSTERS, Trait.INTERNAL_SNAPSHOTS),
                PULL,
                SkipReason.INTERNAL_SNAPSHOTS,
                "p/active");
    }

    @Test
    void pullMayReadWhatRunningGuestsReadButNotWhatSomebodyWrites() {
        Job keepAll = pull("active", "base", List.of());

        assertThat(check(line().use("s1", Use.READ), keepAll)).isEmpty();
        assertRefused(line().use("s1", Use.WRITTEN), keepAll, SkipReason.IN_USE, "p/s1");
    }

    @Test
    void pullFromSharedLayersIsAllowedAndRetiringThemIsNot() {
        Fleet shared = Fleet.of("base <- s1 <- [s2 <- active, other]");

        assertThat(check(shared, pull("active", "base", List.of("s2")))).isEmpty();
        assertRefused(shared, PULL, SkipReason.SHARED_BASE, "p/s1");
    }

    @Test
    void aFileIsNotRetiredWhileOneThatStaysStandsOnIt() {
        assertRefused(line(), pull("active", "base", List.of("s1")), SkipReason.SHARED_BASE, "p/s1");
    }

    @Test
    void onlyLeftoversOfTheJobAreRetired() {
        for (String name : List.of("base", "active")) {
            assertThat(check(line(), pull("active", "base", List.of("s2", "s1", name))))
                    .isPresent();
        }
    }

    @Test
    void everyProblemThatClosesAChainIsARefusal() {
        for (SkipReason reason : SkipReason.values()) {
            if (new Problem(reason, "").closesChain()) {
                assertRefused(line().problem("base", reason), PULL, reason, "p/base");
                assertRefused(line().problem("base", reason), MIDDLE, reason, "p/base");
            }
        }
    }

    @Test
    void aJobWhoseChainIsNotThereIsRefused() {
        assertRefused(
                Fleet.of("base <- active", "s1 <- s2"),
                pull("active", "s1", List.of()),
                SkipReason.DEPENDENCY,
                "chain");
    }

    private static Optional<Problem> check(Fleet fleet, Job job) {
        Snapshot snapshot = fleet.snapshot();
        return SafetyRule.of(snapshot, POLICY).check(job, snapshot.forest());
    }

    @Test
    void whatWasSharedStaysSoUnderTheNameItHasAfterACommit() {
        Snapshot snapshot = Fleet.of("base <- s <- [a, b]").snapshot();
        SafetyRule rule = SafetyRule.of(snapshot, POLICY);
        Job down = commit("base", "", "s", List.of("a", "b"), List.of("s"));
        Forest without = Aftermath.of(List.of(down, alone("a", "a")), snapshot.forest());

        assertThat(rule.after(down).check(alone("base", "b"), without))
                .map(Problem::sentence)
                .hasValueSatisfying(why -> assertThat(why).startsWith("p/base had several overlays"));
        assertThat(SafetyRule.of(snapshot, POLICY).check(alone("base", "b"), without))
                .as("but for what was done before")
                .isEmpty();
    }

    /** All of a chain in one file. */
    private static Job alone(String target, String top) {
        boolean commits = !target.equals(top);
        return new Job(
                "j2",
                commits ? JobKind.COMMIT : JobKind.PULL,
                ref(target),
                Optional.empty(),
                ref(top),
                List.of(),
                commits ? Optional.of(ref(top)) : Optional.empty(),
                List.of(),
                List.of(),
                List.of(),
                0,
                0);
    }

    private static void assertRefused(Fleet fleet, Job job, SkipReason reason, String words) {
        assertThat(check(fleet, job)).as(job.toString()).hasValueSatisfying(problem -> {
            assertThat(problem.reason()).isEqualTo(reason);
            assertThat(problem.sentence()).contains(words);
        });
    }

    private static Policy policy(List<String> keep, List<String> protect, boolean dropRestorePoints) {
        return Policy.DEFAULT
                .change()
                .maxDepth(1)
                .keep(keep)
                .protect(protect)
                .dropRestorePoints(dropRestorePoints)
                .build();
    }

    private static Job commit(String target, String base, String top, List<String> relinks, List<String> retires) {
        return new Job(
                "j1",
                JobKind.COMMIT,
                ref(target),
                base.isEmpty() ? Optional.empty() : Optional.of(ref(base)),
                ref(top),
                relinks.stream()
                        .map(overlay -> new Relink(ref(overlay), ref(target)))
                        .toList(),
                Optional.empty(),
                refs(retires),
                List.of(),
                List.of(),
                0,
                0);
    }

    private static Job pull(String target, String base, List<String> retires) {
        return new Job(
                "j1",
                JobKind.PULL,
                ref(target),
                Optional.of(ref(base)),
                ref(target),
                List.of(),
                Optional.empty(),
                refs(retires),
                List.of(),
                List.of(),
                0,
                0);
    }

    private static List<ImageRef> refs(List<String> names) {
        return names.stream().map(Chains::ref).toList();
    }
}
