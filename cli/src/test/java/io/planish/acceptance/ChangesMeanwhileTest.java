package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What others do to the images between plan and job, in the middle of a job, and between two attempts at it. */
class ChangesMeanwhileTest {
    private static final long SMALL_BATCH = 128 << 10;

    @TempDir
    Path dir;

    private QemuImages images;
    private Merges merges;

    @BeforeEach
    void makeFolders() throws IOException {
        images = QemuImages.in(dir);
        merges = Merges.in(images, dir);
    }

    @Test
    void overlayThatAppearsBetweenPlanAndJobMakesACommitStale() throws IOException {
        images.chain("base <- s1 <- s2 <- active");
        Job job = merges.merge("", "base", "s2");
        images.overlay("new", "s1", "", QemuImages.SIZE);
        images.remember(List.of("base", "s1", "s2", "active", "new"));
        assertThat(merges.run(job).outcome()).isInstanceOf(Outcome.Stale.class);
        images.assertUnchangedAndClean("base", "s1", "s2", "active", "new");
        assertThat(images.chainOf("active")).isEqualTo("base <- s1 <- s2 <- active");
    }

    @Test
    void overlayThatAppearsOnALeafToBeReplacedMakesTheCommitStale() throws IOException {
        images.chain("base <- s1 <- active");
        Job job = merges.merge("", "base", "active");
        images.overlay("new", "active", "", QemuImages.SIZE);
        images.remember(List.of("base", "s1", "active", "new"));
        assertThat(merges.run(job).outcome()).isInstanceOf(Outcome.Stale.class);
        images.assertUnchangedAndClean("base", "s1", "active", "new");
    }

    @Test
    void overlayThatAppearsInTheMiddleOfACommitKeepsItFromRelinking() throws IOException {
        images.chain("base <- s1 <- s2 <- active");
        images.remember(List.of("active"));
        Job job = merges.merge("", "base", "s2");
        AtomicInteger step = new AtomicInteger();
        JobResult result = merges.run(job, 1, SMALL_BATCH, () -> false, () -> {
            if (step.incrementAndGet() == 3) {
                images.overlay("new", "s2", "", QemuImages.SIZE);
            }
        });
        assertThat(images.exists("new"))
                .as("the overlay was made while the job ran")
                .isTrue();
        assertThat(result.outcome()).isInstanceOf(Outcome.Stale.class);
        images.assertSameContent("active", "active");
    }

    @Test
    void anOverlayThatWasMadeOnAHalfMergedLayerIsInTheWayUntilItStandsOnTheTop() throws IOException {
        images.chain("base <- s1 <- s2 <- active");
        images.remember(List.of("active"));
        Job job = merges.merge("", "base", "s2");
        AtomicInteger step = new AtomicInteger();
        JobResult first = merges.run(job, 1, SMALL_BATCH, () -> false, () -> {
            if (step.incrementAndGet() == 3) {
                images.overlay("new", "s1", "", QemuImages.SIZE);
            }
        });

        assertThat(first.outcome())
                .isInstanceOfSatisfying(
                        Outcome.Stale.class,
                        stale -> assertThat(stale.message())
                                .contains(
                                        "a commit into it is half done",
                                        "put it on images/s2.qcow2 with qemu-img rebase -u")
                                .doesNotContain("plan again"));
        Qemu.img("rebase", "-u", "-b", images.path("s2"), "-F", "qcow2", images.path("new"));
        assertThat(merges.run(job, 2, SMALL_BATCH, () -> false, () -> {}).outcome())
                .isInstanceOf(Outcome.Done.class);
        images.assertUnchangedAndClean("active");
        assertThat(images.chainOf("new")).isEqualTo("base <- new");
    }

    @Test
    void leftoverThatGotANewOverlayMeanwhileIsKept() throws IOException {
        images.chain("base <- s1 <- active");
        images.remember(List.of("base", "s1", "active"));
        Job pull = merges.merge("base", "active", "active");
        images.overlay("new", "s1", "", QemuImages.SIZE);
        images.remember(List.of("new"));
        assertThat(merges.run(pull).outcome()).isEqualTo(new Outcome.Done());
        images.assertUnchangedAndClean("base", "s1", "active", "new");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 4L << 20, 7L << 20})
    void guestThatWritesTheTargetBetweenTwoAttemptsAtAPullKeepsItsData(long where) throws IOException {
        longChain();
        Job pull = merges.merge("", "active", "active");
        assertThat(stoppedAfter(2, pull).outcome()).isEqualTo(new Outcome.Cancelled());
        images.write("active", "write -P 201 " + where + " 200k");
        images.remember(List.of("active"));
        assertThat(merges.run(pull, 2, SMALL_BATCH, () -> false, () -> {}).outcome())
                .isEqualTo(new Outcome.Done());
        assertThat(images.chainOf("active")).isEqualTo("active");
        images.assertUnchangedAndClean("active");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 4L << 20, 7L << 20})
    void guestThatWritesTheOverlayBetweenTwoAttemptsAtACommitKeepsItsData(long where) throws IOException {
        longChain();
        Job commit = merges.merge("", "base", "s2");
        assertThat(stoppedAfter(2, commit).outcome()).isEqualTo(new Outcome.Cancelled());
        images.write("active", "write -P 201 " + where + " 200k");
        images.remember(List.of("active"));
        assertThat(merges.run(commit, 2, SMALL_BATCH, () -> false, () -> {}).outcome())
                .isEqualTo(new Outcome.Done());
        assertThat(images.chainOf("active")).isEqualTo("base <- active");
        images.assertUnchangedAndClean("active");
    }

    @Test
    void jobThatWasStoppedGoesOnWhereItWas() throws IOException {
        longChain();
        images.remember(List.of("active"));
        Job pull = merges.merge("", "active", "active");
        JobResult first = stoppedAfter(3, pull);
        JobResult second = merges.run(pull, 2, SMALL_BATCH, () -> false, () -> {});
        assertThat(first.bytesCopied()).isPositive();
        assertThat(second.bytesSkipped()).isPositive();
        JobResult whole = wholeCopy();
        assertThat(first.bytesCopied() + second.bytesCopied()).isEqualTo(whole.bytesCopied());
        images.assertUnchangedAndClean("active");
    }

    @Test
    void imageOpenForWritingElsewhereIsSkipped() throws IOException {
        longChain();
        images.remember(List.of("active"));
        Job pull = merges.merge("", "active", "active");
        try (Qemu.Guest guest = new Qemu.Guest(images.path("active"))) {
            assertThat(merges.run(pull).outcome())
                    .isInstanceOfSatisfying(
                            Outcome.Skipped.class,
                            skipped -> assertThat(skipped.message())
                                    .containsPattern("it is open elsewhere, by qemu-io \\(pid [0-9]+\\)"));
        }
        images.assertUnchangedAndClean("active");
    }

    @Test
    void layersThatACommitHasEndedCannotBeOpenedAnyMore() throws IOException {
        images.chain("base <- s1 <- s2 <- active");
        assertThat(merges.run(merges.merge("", "base", "s2")).outcome()).isEqualTo(new Outcome.Done());
        Path trash = images.folder().resolve(".planish-trash/run");
        for (String layer : List.of("s1", "s2")) {
            Path left = trash.resolve(layer + ".qcow2");
            assertThat(left).exists();
            assertThat(Qemu.run("qemu-io", "-f", "qcow2", "-c", "read 0 512", left)
                            .exit())
                    .isNotZero();
        }
    }

    private void longChain() {
        images.overlay("base", "", "", QemuImages.SIZE);
        images.write("base", "write -P 1 0 8M");
        images.overlay("s1", "base", "", QemuImages.SIZE);
        images.write("s1", "write -P 2 1M 5M");
        images.overlay("s2", "s1", "", QemuImages.SIZE);
        images.write("s2", "write -P 3 0 3M", "write -z 4M 1M");
        images.overlay("active", "s2", "", QemuImages.SIZE);
        images.write("active", "write -P 4 2560k 256k");
    }

    /** The same job in one go, on a copy. */
    private JobResult wholeCopy() throws IOException {
        Path other = Files.createDirectory(dir.resolve("copy"));
        QemuImages copy = new QemuImages(Files.createDirectory(other.resolve("images")), other);
        QemuImages mine = images;
        images = copy;
        longChain();
        images = mine;
        Merges there = new Merges(copy.folder(), Files.createDirectory(other.resolve("state")));
        return there.run(there.merge("", "active", "active"));
    }

    private JobResult stoppedAfter(int batches, Job job) {
        return merges.runSomeBatches(job, SMALL_BATCH, batches);
    }
}
