package io.planish.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.ImageRef;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.SkipReason;
import io.planish.qcow2.Marks;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.SimulatedStorage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobRunnerTest {
    @TempDir
    private Path folder;

    private Simulated pool;

    @BeforeEach
    void aChainOfFour() throws IOException {
        Images images = new Images(folder);
        images.make("base", "", "192k", "cluster_size=4k", "write -P 1 0 120k");
        images.make("s1", "base", "192k", "cluster_size=4k", "write -P 2 50k 30k");
        images.make("s2", "s1", "192k", "cluster_size=4k", "write -P 3 90k 80k");
        images.make("active", "s2", "192k", "cluster_size=4k", "write -P 4 4k 9k");
        pool = Simulated.load(images, folder);
    }

    private Job commitMiddle() throws IOException {
        return pool.job(JobKind.COMMIT, "base", Optional.empty(), "s2", List.of("active"), false, List.of("s1", "s2"));
    }

    private Job pullToBase() throws IOException {
        return pool.job(JobKind.PULL, "active", Optional.of("base"), "active", List.of(), false, List.of("s1", "s2"));
    }

    private void loadOverlayOn(String backing) throws IOException {
        Path real = new Images(folder).make("late-" + backing, backing, "192k", "cluster_size=4k", "write -P 9 8k 1k");
        pool.storage.load(real, Simulated.ROOT.resolve("late-" + backing));
    }

    @Test
    void anOverlayThatCameAfterThePlanMakesTheJobStaleBeforeAnythingIsWritten() throws IOException {
        Job job = commitMiddle();
        loadOverlayOn("s1");
        byte[] late = pool.content(Simulated.ref("late-s1"));

        JobResult result = pool.run(job);

        assertThat(result.outcome()).isInstanceOf(Outcome.Stale.class);
        assertThat(pool.storage.changes()).isZero();
        assertThat(pool.content(Simulated.ref("late-s1"))).isEqualTo(late);
    }

    @Test
    void anOverlayThatComesBetweenTheSweepAndTheMarkIsSeenBeforeTheFirstWrite() throws IOException {
        Job job = commitMiddle();
        AtomicInteger sweeps = new AtomicInteger();
        pool.afterEachSweep(() -> unchecked(() -> {
            if (sweeps.incrementAndGet() == 1) {
                loadOverlayOn("s1");
            }
        }));
        byte[] base = pool.content(Simulated.ref("base"));

        JobResult result = pool.run(job);

        assertThat(result.outcome()).isInstanceOf(Outcome.Stale.class);
        assertThat(sweeps).hasValue(2);
        assertThat(pool.content(Simulated.ref("base"))).isEqualTo(base);
        assertThat(pool.content(Simulated.ref("late-s1"))[52_000]).isEqualTo((byte) 2);
        assertThat(Marks.isHalfMerged(pool.header(Simulated.ref("base")))).isFalse();
        assertThat(Marks.isHalfMerged(pool.header(Simulated.ref("s1")))).isFalse();
        assertThat(pool.begun()).isEmpty();
    }

    @Test
    void anOverlayThatComesWhileMergingMakesTheJobStaleBeforeAnyLinkChanges() throws IOException {
        Job job = pullToBase();
        byte[] active = pool.content(Simulated.ref("active"));

        JobResult result = pool.run(job, batches -> {
            if (batches == 1) {
                loadOverlayOn("s2");
            }
            return false;
        });

        assertThat(result.outcome()).isInstanceOf(Outcome.Stale.class);
        assertThat(pool.content(Simulated.ref("active"))).isEqualTo(active);
        assertThat(pool.backing(Simulated.ref("active"))).contains(Simulated.ref("s2"));
        assertThat(pool.content(Simulated.ref("late-s2"))[100_000]).isEqualTo((byte) 3);
    }

    @Test
    void aCommitThatWasBegunTakesALateOverlayOfItsTopAlong() throws IOException {
        Job job = commitMiddle();
        byte[] active = pool.content(Simulated.ref("active"));
        AtomicReference<byte[]> late = new AtomicReference<>(new byte[0]);

        JobResult first = pool.run(job, batches -> {
            if (batches == 1) {
                loadOverlayOn("s2");
                late.set(pool.content(Simulated.ref("late-s2")));
            }
            return false;
        });
        assertThat(first.outcome()).isInstanceOf(Outcome.Stale.class);
        assertThat(pool.content(Simulated.ref("active"))).isEqualTo(active);
        assertThat(pool.content(Simulated.ref("late-s2"))).isEqualTo(late.get());

        JobResult next = pool.run(job);

        assertThat(next.outcome()).isEqualTo(new Outcome.Done());
        assertThat(pool.content(Simulated.ref("active"))).isEqualTo(active);
        assertThat(pool.content(Simulated.ref("late-s2"))).isEqualTo(late.get());
        assertThat(pool.backing(Simulated.ref("late-s2"))).contains(Simulated.ref("base"));
    }

    @Test
    void aLeafThatGotASnapshotAfterACrashIsReplacedUnderIt() throws IOException {
        Job job = pool.job(JobKind.COMMIT, "base", Optional.empty(), "active", List.of(), true, List.of("s1", "s2"));
        pool.run(job, batches -> batches == 1);
        loadOverlayOn("active");
        byte[] late = pool.content(Simulated.ref("late-active"));

        JobResult result = pool.run(job);

        assertThat(result.outcome()).isEqualTo(new Outcome.Done());
        assertThat(pool.content(Simulated.ref("late-active"))).isEqualTo(late);
        assertThat(pool.chain(Simulated.ref("late-active"))).hasSize(2);
    }

    @Test
    void aFileThatAnOverlayCameToReferToIsKeptWhenTheJobIsDone() throws IOException {
        Job job = pullToBase();
        pool.storage.onStep(step -> {
            if (step.startsWith("write /pool/active 0x0+") && !pool.storage.exists(Simulated.ROOT.resolve("late-s1"))) {
                unchecked(() -> loadOverlayOn("s1"));
            }
        });

        JobResult result = pool.run(job);

        assertThat(result.outcome()).isEqualTo(new Outcome.Done());
        assertThat(pool.backing(Simulated.ref("active"))).contains(Simulated.ref("base"));
        assertThat(result.retired()).containsExactly(Simulated.ref("s2"));
        assertThat(result.notes()).singleElement().asString().contains("pool/s1 is kept");
        assertThat(pool.content(Simulated.ref("late-s1"))[60_000]).isEqualTo((byte) 2);
    }

    @Test
    void aStoppedJobGoesOnFromItsCheckpointAndCopiesNothingTwice() throws IOException {
        Job job = pullToBase();
        byte[] active = pool.content(Simulated.ref("active"));
        JobResult atOnce = new Simulated(pool.storage.fork()).run(job);

        JobResult first = pool.run(job, batches -> batches == 2);
        JobResult second = pool.run(job);

        assertThat(first.outcome()).isEqualTo(new Outcome.Cancelled());
        assertThat(second.outcome()).isEqualTo(new Outcome.Done());
        assertThat(first.bytesCopied()).isPositive();
        assertThat(second.bytesSkipped()).isPositive();
        assertThat(first.bytesCopied() + second.bytesCopied()).isEqualTo(atOnce.bytesCopied());
        assertThat(pool.content(Simulated.ref("active"))).isEqualTo(active);
    }

    @Test
    void aJobThatIsToStopDoesNotRushThroughTheRestOfItsBatch() throws IOException {
        Job job = pullToBase();
        JobResult atOnce = new Simulated(pool.storage.fork()).run(job);

        JobResult first = pool.runUntilTheFirstStep(job, 1);

        assertThat(first.outcome()).isEqualTo(new Outcome.Cancelled());
        assertThat(first.bytesCopied()).isEqualTo(4 << 10);
        assertThat(first.bytesCopied() + pool.run(job).bytesCopied()).isEqualTo(atOnce.bytesCopied());
    }

    @Test
    void aCheckpointIsDroppedWhenALayerWasTouched() throws IOException {
        Job job = pullToBase();
        pool.run(job, batches -> batches == 2);
        try (var file = pool.storage.open(pool.path(Simulated.ref("s1")), OpenMode.READ_WRITE)) {
            ByteBuffer same = ByteBuffer.allocate(512);
            file.read(same, 0);
            file.write(same.flip(), 0);
            file.sync();
        }
        Job now = pullToBase();

        JobResult second = pool.run(now);

        assertThat(second.outcome()).isEqualTo(new Outcome.Done());
        assertThat(second.bytesSkipped()).isZero();
    }

    @Test
    void aCommitIntoATargetThatWasPutBackFromACopyBeginsAgain() throws IOException {
        byte[] active = pool.content(Simulated.ref("active"));

        JobResult second = stoppedThenPutBack("base", this::commitToBase);

        assertThat(second.bytesSkipped()).isZero();
        assertThat(pool.content(Simulated.ref("base"))).isEqualTo(active);
    }

    @Test
    void aPullIntoATargetThatWasPutBackFromACopyCopiesAllAgain() throws IOException {
        byte[] active = pool.content(Simulated.ref("active"));

        stoppedThenPutBack("active", this::pullToBase);

        assertThat(pool.content(Simulated.ref("active"))).isEqualTo(active);
    }

    private interface Planned {
        Job job() throws IOException;
    }

    /** What the next attempt says after its target was put back from a copy made before the first one. */
    private JobResult stoppedThenPutBack(String target, Planned planned) throws IOException {
        byte[] copy = bytes(target);
        pool.run(planned.job(), batches -> batches == 2);
        putBack(target, copy);
        JobResult second = pool.run(planned.job());
        assertThat(second.outcome()).isEqualTo(new Outcome.Done());
        return second;
    }

    @Test
    void aRebaseLooksAgainAtANewBackingFileThatWasWrittenMeanwhile() throws IOException {
        byte[] active = pool.content(Simulated.ref("active"));
        Path like = new Images(folder).make("like", "", "192k", "cluster_size=4k", "write -P 1 0 120k");
        pool.storage.load(like, Simulated.ROOT.resolve("like"));
        pool.run(rebase(), batches -> batches == 2);
        new Images(folder).write("like", "write -P 7 0 120k");
        putBack("like", Files.readAllBytes(like));

        JobResult second = pool.run(rebase());

        assertThat(second.outcome()).isEqualTo(new Outcome.Done());
        assertThat(pool.backing(Simulated.ref("active"))).contains(Simulated.ref("like"));
        assertThat(pool.content(Simulated.ref("active"))).isEqualTo(active);
    }

    @Test
    void aCommitThatIsAskedForAgainAfterAnyFailureCommitsWhatTheTopHoldsByThen() throws IOException {
        ImageRef top = Simulated.ref("active");
        byte[] shown = pool.content(top);
        SimulatedStorage whole = pool.storage.fork();
        new Simulated(whole).run(commitToBase());

        for (long step = 1; step <= whole.steps(); step++) {
            Simulated failed = new Simulated(pool.storage.fork());
            failed.storage.failStep(step, SimulatedStorage.Failure.IO);
            failed.run(commitToBase(failed));
            byte[] written = failed.guestWrites(top, shown);

            JobResult again = failed.run(commitToBase(failed));
            if (again.outcome() instanceof Outcome.Stale) {
                again = failed.run(commitToBase(failed));
            }

            assertThat(again.outcome()).as("step " + step).isEqualTo(new Outcome.Done());
            assertThat(failed.content(Simulated.ref("base"))).as("step " + step).isEqualTo(written);
        }
    }

    @Test
    void aPullWhoseImageWasRemovedInTheMiddleIsLetGoAndItsLayersStay() throws IOException {
        Job job = pullToBase();
        byte[] shown = pool.content(Simulated.ref("s2"));
        SimulatedStorage whole = pool.storage.fork();
        new Simulated(whole).run(job);
        int begun = 0;
        for (long step = 1; step <= whole.steps(); step++) {
            Simulated failed = new Simulated(pool.storage.fork());
            failed.storage.failStep(step, SimulatedStorage.Failure.IO);
            failed.run(job);
            if (!failed.begun().isEmpty() && failed.storage.exists(failed.path(Simulated.ref("s2")))) {
                begun++;
                failed.storage.unlink(failed.path(Simulated.ref("active")));

                assertThat(failed.run(job).outcome()).isInstanceOf(Outcome.Stale.class);

                assertThat(failed.begun()).isEmpty();
                assertThat(failed.content(Simulated.ref("s2"))).isEqualTo(shown);
            }
        }
        assertThat(begun).isPositive();
    }

    private Job commitToBase() throws IOException {
        return commitToBase(pool);
    }

    private static Job commitToBase(Simulated pool) throws IOException {
        return pool.job(JobKind.COMMIT, "base", Optional.empty(), "active", List.of(), false, List.of());
    }

    private Job rebase() throws IOException {
        return pool.job(JobKind.REBASE, "active", Optional.of("like"), "active", List.of(), false, List.of());
    }

    private byte[] bytes(String image) throws IOException {
        try (var file = pool.storage.open(pool.path(Simulated.ref(image)), OpenMode.READ)) {
            ByteBuffer all = ByteBuffer.allocate((int) file.sizeBytes());
            file.read(all, 0);
            return all.array();
        }
    }

    private void putBack(String image, byte[] copy) throws IOException {
        try (var file = pool.storage.open(pool.path(Simulated.ref(image)), OpenMode.READ_WRITE)) {
            file.truncate(0);
            file.write(ByteBuffer.wrap(copy), 0);
            file.sync();
        }
    }

    @Test
    void theSameJobTwiceIsOneMerge() throws IOException {
        Job job = commitMiddle();

        JobResult first = pool.run(job);
        long steps = pool.storage.steps();
        JobResult second = pool.run(job);

        assertThat(first.outcome()).isEqualTo(new Outcome.Done());
        assertThat(second.outcome()).isEqualTo(new Outcome.Done());
        assertThat(second.bytesCopied()).isZero();
        assertThat(pool.storage.steps()).isEqualTo(steps);
    }

    @Test
    void anImageThatIsOpenElsewhereIsLeftAlone() throws Exception {
        Job job = commitMiddle();
        try (var vm = pool.storage.lockElsewhere(pool.path(Simulated.ref("active")), LockMode.WRITE)) {
            JobResult result = pool.run(job);

            assertThat(result.outcome())
                    .isInstanceOfSatisfying(
                            Outcome.Skipped.class,
                            skipped -> assertThat(skipped.reason()).isEqualTo(SkipReason.IN_USE));
            assertThat(pool.storage.changes()).isZero();
        }
    }

    @Test
    void aCommitThatWasBegunCarriesItsMarkUntilItIsFinishedFromItsIntentAlone() throws IOException {
        Job job = commitMiddle();
        byte[] active = pool.content(Simulated.ref("active"));
        pool.run(job, batches -> batches == 1);
        ImageRef base = Simulated.ref("base");
        assertThat(Marks.isHalfMerged(pool.header(base))).isTrue();

        assertThat(pool.begun()).containsExactly(job);
        JobResult finished = pool.run(pool.begun().getFirst());

        assertThat(finished.outcome()).isEqualTo(new Outcome.Done());
        assertThat(pool.begun()).isEmpty();
        assertThat(Marks.isHalfMerged(pool.header(base))).isFalse();
        assertThat(pool.content(Simulated.ref("active"))).isEqualTo(active);
        assertThat(pool.backing(Simulated.ref("active"))).contains(base);
    }

    @Test
    void anotherJobRefusesAHalfMergedImage() throws IOException {
        pool.run(commitMiddle(), batches -> batches == 1);
        Job other = pool.job(JobKind.PULL, "active", Optional.empty(), "active", List.of(), false, List.of());

        JobResult result = pool.run(new Job(
                "other",
                other.kind(),
                other.target(),
                other.base(),
                other.top(),
                other.relinks(),
                other.replaces(),
                other.retires(),
                other.dependsOn(),
                other.expects(),
                0,
                0));

        assertThat(result.outcome()).isInstanceOf(Outcome.Skipped.class);
    }

    private interface Action {
        void run() throws IOException;
    }

    private static void unchecked(Action action) {
        try {
            action.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
