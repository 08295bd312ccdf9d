package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.engine.Attempt;
import io.planish.engine.CheckpointStore;
import io.planish.engine.EngineOptions;
import io.planish.job.Checkpoint;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A grid takes some milliseconds to make a checkpoint durable. */
class CheckpointsTest {
    private static final long BATCH_BYTES = 1 << 20;
    private static final int DISK_MIB = 16;

    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"base", "active"})
    void aCheckpointIsSavedWhileTheNextBatchIsCopiedAndAKillNeverCostsMoreThanWasSaid(String target) throws Exception {
        SlowGrid attempt = new SlowGrid();

        JobResult result = flatten(target, attempt);

        assertThat(result.outcome()).isEqualTo(new Outcome.Done());
        assertThat(attempt.savedAlone).as("saved while nothing was copied").isZero();
        assertThat(attempt.saved).hasSizeGreaterThanOrEqualTo(DISK_MIB / 2);
        assertThat(attempt.mostUnsettled)
                .as("bytes that a kill would have cost")
                .isBetween(BATCH_BYTES + 1, EngineOptions.BATCHES_A_KILL_COSTS * BATCH_BYTES);
        assertThat(attempt.told).as("told when it is durable").isEqualTo(attempt.saved);
    }

    @Test
    void aJobWhoseCheckpointCannotBeSavedEnds() throws Exception {
        SlowGrid attempt = new SlowGrid();
        attempt.away = true;

        JobResult result = flatten("active", attempt);

        assertThat(result.outcome())
                .isInstanceOfSatisfying(
                        Outcome.Failed.class,
                        failed -> assertThat(failed.message()).contains("the grid is away"));
        assertThat(attempt.told).isEmpty();
    }

    private JobResult flatten(String target, SlowGrid attempt) throws IOException {
        QemuImages images = QemuImages.in(dir);
        images.overlay("base", "", "", DISK_MIB + "M");
        images.overlay("middle", "base", "", DISK_MIB + "M");
        images.write("middle", "write -P 1 0 " + DISK_MIB + "M");
        images.overlay("active", "middle", "", DISK_MIB + "M");
        Merges merges = Merges.in(images, dir);
        Job job = merges.merge("", target, "active");
        return merges.run(job, BATCH_BYTES, attempt);
    }

    /** Makes a checkpoint durable only when copying has gone on, so long as there is anything to copy. */
    private static final class SlowGrid implements Attempt, CheckpointStore {
        private static final long PATIENCE_NANOS = 10_000_000_000L;

        private final List<Long> saved = new ArrayList<>();
        private final List<Long> told = new ArrayList<>();
        private long copied;
        private long mostUnsettled;
        private volatile long durable;
        private int savedAlone;
        private boolean away;

        @Override
        public Optional<Checkpoint> load(String job) {
            return Optional.empty();
        }

        @Override
        public void save(Checkpoint checkpoint) throws IOException {
            if (away) {
                throw new IOException("the grid is away");
            }
            long next = checkpoint.bytesCopied() + BATCH_BYTES;
            if (next + BATCH_BYTES < DISK_MIB * BATCH_BYTES && !hasCopied(next)) {
                savedAlone++;
            }
            durable = checkpoint.bytesCopied();
            saved.add(checkpoint.durableBelow());
        }

        /** Whether more than this was copied within some seconds. */
        private synchronized boolean hasCopied(long bytes) throws IOException {
            long end = System.nanoTime() + PATIENCE_NANOS;
            while (copied <= bytes && System.nanoTime() - end < 0) {
                try {
                    wait(100);
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
            return copied > bytes;
        }

        @Override
        public void drop(String job) {}

        @Override
        public long epoch() {
            return 1;
        }

        @Override
        public String run() {
            return "run";
        }

        @Override
        public CheckpointStore checkpoints() {
            return this;
        }

        @Override
        public void mayContinue() {}

        @Override
        public boolean stopRequested() {
            return false;
        }

        @Override
        public synchronized void copied(long bytes) {
            copied += bytes;
            mostUnsettled = Math.max(mostUnsettled, copied - durable);
            notifyAll();
        }

        @Override
        public void progress(long guestBytesDone, long guestBytesTotal, long bytesCopied) {
            if (guestBytesDone > 0) {
                told.add(guestBytesDone);
            }
        }
    }
}
