package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.SkipReason;
import io.planish.plan.Policy;
import io.planish.plan.SafetyRule;
import io.planish.plan.Snapshot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation on a chain, drawn before and after; each with layers alike and with layers of different clusters and versions. */
class OperationsTest {
    @TempDir
    Path dir;

    private QemuImages images;
    private Merges merges;

    static List<List<String>> layers() {
        return List.of(
                List.of(""),
                List.of("cluster_size=4k", "cluster_size=64k,compat=0.10", "cluster_size=512", "cluster_size=1M"),
                List.of("cluster_size=64k,compat=0.10", "cluster_size=4k,compression_type=zstd"),
                List.of("extended_l2=on", "cluster_size=4k", "extended_l2=on,cluster_size=16k"));
    }

    @BeforeEach
    void makeFolders() throws IOException {
        images = QemuImages.in(dir);
        merges = Merges.in(images, dir);
    }

    @ParameterizedTest
    @MethodSource("layers")
    void commit1PutsAllSnapshotsIntoTheBase(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- s3 <- active", layers);
        done(merges.merge("", "base", "s3"));
        assertChain("active", "base <- active");
        assertGone("s1", "s2", "s3");
        images.assertUnchangedAndClean("active");
        images.assertSameContent("base", "s3");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void commit2PutsTwoSnapshotsIntoTheBase(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- s3 <- active", layers);
        done(merges.merge("", "base", "s2"));
        assertChain("active", "base <- s3 <- active");
        assertGone("s1", "s2");
        images.assertUnchangedAndClean("s3", "active");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void commit3PutsTheFirstSnapshotIntoTheBase(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- s3 <- active", layers);
        done(merges.merge("", "base", "s1"));
        assertChain("active", "base <- s2 <- s3 <- active");
        assertGone("s1");
        images.assertUnchangedAndClean("s2", "s3", "active");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void commit4PutsTheSecondSnapshotIntoTheFirst(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- s3 <- active", layers);
        done(merges.merge("base", "s1", "s2"));
        assertChain("active", "base <- s1 <- s3 <- active");
        assertGone("s2");
        images.assertUnchangedAndClean("base", "s3", "active");
        images.assertSameContent("s1", "s2");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void commit5PutsTheThirdSnapshotIntoTheSecond(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- s3 <- active", layers);
        done(merges.merge("s1", "s2", "s3"));
        assertChain("active", "base <- s1 <- s2 <- active");
        assertGone("s3");
        images.assertUnchangedAndClean("base", "s1", "active");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void commit6PutsTwoSnapshotsIntoTheFirst(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- s3 <- active", layers);
        done(merges.merge("base", "s1", "s3"));
        assertChain("active", "base <- s1 <- active");
        assertGone("s2", "s3");
        images.assertUnchangedAndClean("base", "active");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void commit6StepByStepEndsTheSame(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- s3 <- active", layers);
        done(merges.merge("s1", "s2", "s3"));
        assertChain("active", "base <- s1 <- s2 <- active");
        done(merges.merge("base", "s1", "s2"));
        assertChain("active", "base <- s1 <- active");
        assertGone("s2", "s3");
        images.assertUnchangedAndClean("base", "active");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void commitOfSeveralLayersCopiesEachClusterOnce(List<String> layers) throws IOException {
        images.overlay("base", "", layers.getFirst(), "8M");
        images.overlay("s1", "base", layers.getFirst(), "8M");
        images.overlay("s2", "s1", layers.getFirst(), "8M");
        images.overlay("active", "s2", layers.getFirst(), "8M");
        images.write("s1", "write -P 1 0 2M");
        images.write("s2", "write -P 2 0 2M");
        images.remember(List.of("active"));
        JobResult result = done(merges.merge("", "base", "s2"));
        assertThat(result.bytesCopied()).isEqualTo(2 << 20);
        images.assertUnchangedAndClean("active");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void commitOfTheActiveLayerTakesItsPlaceAndAttributes(List<String> layers) throws IOException {
        remember("base <- s1 <- active", layers);
        Path active = images.path("active");
        Files.setPosixFilePermissions(active, PosixFilePermissions.fromString("rw-r-----"));
        Files.setAttribute(active, "unix:uid", 4711);
        Files.setAttribute(active, "unix:gid", 4712);
        attributes(active).write("planish.test", StandardCharsets.UTF_8.encode("kept"));
        done(merges.merge("", "base", "active"));
        assertChain("active", "active");
        assertGone("base", "s1");
        images.assertUnchangedAndClean("active");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(active)))
                .isEqualTo("rw-r-----");
        assertThat(Files.getAttribute(active, "unix:uid")).isEqualTo(4711);
        assertThat(Files.getAttribute(active, "unix:gid")).isEqualTo(4712);
        assertThat(attributes(active).list()).contains("planish.test");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void commitUnderAForkMovesBothOverlays(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- [a, b]", layers);
        done(merges.merge("", "base", "s2"));
        assertChain("a", "base <- a");
        assertChain("b", "base <- b");
        assertGone("s1", "s2");
        images.assertUnchangedAndClean("a", "b");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void pullToTheBaseLeavesTheLayersBetweenValid(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- s3 <- active", layers);
        done(merges.merge("base", "active", "active"));
        assertChain("active", "base <- active");
        assertChain("s3", "base <- s1 <- s2 <- s3");
        images.assertUnchangedAndClean("base", "s1", "s2", "s3", "active");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void pullOfAllMakesTheImageStandAlone(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- s3 <- active", layers);
        done(merges.merge("", "active", "active"));
        assertChain("active", "active");
        images.assertUnchangedAndClean("base", "s1", "s2", "s3", "active");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void pullFromSharedLayersTouchesNoOther(List<String> layers) throws IOException {
        remember("base <- s1 <- [active, other]", layers);
        byte[] base = images.bytes("base");
        byte[] s1 = images.bytes("s1");
        byte[] other = images.bytes("other");
        done(merges.merge("base", "active", "active"));
        assertChain("active", "base <- active");
        done(merges.merge("", "active", "active"));
        assertChain("active", "active");
        assertThat(images.bytes("base")).isEqualTo(base);
        assertThat(images.bytes("s1")).isEqualTo(s1);
        assertThat(images.bytes("other")).isEqualTo(other);
        images.assertUnchangedAndClean("active", "other");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void deletingASnapshotByCommitCopiesNothingIntoItsOverlay(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- s3", layers);
        long s3 = Files.size(images.path("s3"));
        done(merges.merge("base", "s1", "s2"));
        assertChain("s3", "base <- s1 <- s3");
        assertGone("s2");
        assertThat(Files.size(images.path("s3"))).isEqualTo(s3);
        images.assertUnchangedAndClean("base", "s3");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void deletingASnapshotByPullLeavesTheLayerBelowAsItWas(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- s3", layers);
        byte[] s1 = images.bytes("s1");
        done(merges.merge("s1", "s3", "s3"));
        assertChain("s3", "base <- s1 <- s3");
        assertThat(images.bytes("s1")).isEqualTo(s1);
        images.assertUnchangedAndClean("base", "s1", "s2", "s3");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void commitIsRefusedWhenBaseHasTwoOverlaysAndPullDoesItInstead(List<String> layers) throws IOException {
        remember("base <- s1 <- s2 <- s3", layers);
        Job commit = merges.merge("base", "s1", "s2");
        images.overlay("other", "s1", "", QemuImages.SIZE);
        images.remember(List.of("other"));
        Snapshot snapshot = merges.scan();
        assertThat(SafetyRule.of(snapshot, Policy.DEFAULT).check(commit, snapshot.forest()))
                .hasValueSatisfying(problem -> assertThat(problem.reason()).isEqualTo(SkipReason.SHARED_BASE));
        assertThat(merges.run(commit).outcome()).isInstanceOf(Outcome.Stale.class);
        images.assertUnchangedAndClean("base", "s1", "s2", "s3", "other");

        done(merges.merge("s1", "s3", "s3"));
        assertChain("s3", "base <- s1 <- s3");
        images.assertUnchangedAndClean("base", "s1", "s2", "s3", "other");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void unsafeRebaseWorksWithoutTheOldFile(List<String> layers) throws IOException {
        remember("base <- active", layers);
        Files.move(images.path("base"), images.path("moved"), StandardCopyOption.ATOMIC_MOVE);
        Answer answer = Cli.planish("rebase", "-u", "-b", "moved.qcow2", "-F", "qcow2", images.path("active"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        assertChain("active", "moved <- active");
        images.assertUnchangedAndClean("active");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void safeRebaseOntoAnUnrelatedImageKeepsTheContent(List<String> layers) throws IOException {
        remember("base <- s1 <- active", layers);
        images.remember(images.chain("other <- top", layers.reversed()));
        Answer answer = Cli.planish("rebase", "-b", "top.qcow2", "-F", "qcow2", images.path("active"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        assertChain("active", "other <- top <- active");
        images.assertUnchangedAndClean("base", "s1", "active", "other", "top");
    }

    @ParameterizedTest
    @MethodSource("layers")
    void safeRebaseOntoNothingMakesTheImageStandAlone(List<String> layers) throws IOException {
        remember("base <- s1 <- active", layers);
        Answer answer = Cli.planish("rebase", "-b", "", images.path("active"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        assertChain("active", "active");
        images.assertUnchangedAndClean("base", "s1", "active");
    }

    private void remember(String drawing, List<String> layers) {
        images.remember(images.chain(drawing, layers));
    }

    private JobResult done(Job job) {
        JobResult result = merges.run(job);
        assertThat(result.outcome()).isEqualTo(new Outcome.Done());
        return result;
    }

    private void assertChain(String top, String drawing) {
        assertThat(images.chainOf(top)).isEqualTo(drawing);
    }

    private void assertGone(String... names) {
        for (String name : names) {
            assertThat(images.exists(name)).as(name).isFalse();
        }
    }

    private static UserDefinedFileAttributeView attributes(Path file) {
        UserDefinedFileAttributeView view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
        if (view == null) {
            throw new IllegalStateException("no extended attributes on " + file);
        }
        return view;
    }
}
