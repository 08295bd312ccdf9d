package io.planish.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.ImageRef;
import io.planish.image.Directories;
import io.planish.image.HeaderFile;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Outcome;
import io.planish.qcow2.SnapshotEntry;
import io.planish.storage.ImageFile;
import io.planish.storage.SimulatedStorage;
import io.planish.storage.SimulatedStorage.PowerLost;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The machine loses power around every step of a commit into an image that holds an internal snapshot: the snapshot shows at each of
 * these points, and after the resumed job, what it was taken of.
 */
class SnapshotCrashTest {
    private static final int SURVIVALS = 6;
    private static final int L1_ENTRIES = 36;
    private static final int L1_OFFSET = 40;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"compat=0.10,cluster_size=4k", "cluster_size=512", "cluster_size=4k,refcount_bits=2"})
    void theSnapshotOfTheBaseShowsWhatItWasTakenOf(String options) throws IOException {
        Images images = new Images(folder);
        Path base = images.make("base", "", "128k", options, "write -P 1 0 90k");
        Images.run(List.of("qemu-img", "snapshot", "-c", "s", base.toString()));
        Images.run(List.of("qemu-io", "-f", "qcow2", "-c", "write -P 2 20k 30k", base.toString()));
        images.make("active", "base", "128k", "cluster_size=4k", "write -P 3 10k 20k", "write -z 40k 20k");
        Simulated before = Simulated.load(images, folder);
        Job job = before.job(JobKind.COMMIT, "base", Optional.empty(), "active", List.of(), true, List.of());
        ImageRef active = Simulated.ref("active");
        byte[] shown = before.content(active);
        byte[] taken = snapshot(before, Simulated.ref("base"));
        SimulatedStorage whole = before.storage.fork();
        assertThat(new Simulated(whole).run(job).outcome()).isEqualTo(new Outcome.Done());

        for (long step = 1; step <= whole.steps(); step++) {
            SimulatedStorage storage = before.storage.fork();
            storage.losePowerAfter(step);
            try {
                new Simulated(storage).run(job);
            } catch (PowerLost gone) {
                // the point of the exercise
            }
            for (long seed = 0; seed < SURVIVALS; seed++) {
                String where = "power lost after step " + step + ", seed " + seed;
                Simulated found = new Simulated(storage.afterPowerLoss(seed));
                if (found.images().contains(Simulated.ref("base"))) {
                    assertThat(snapshot(found, Simulated.ref("base"))).as(where).isEqualTo(taken);
                }

                Outcome outcome = found.run(job).outcome();

                assertThat(outcome).as(where).isEqualTo(new Outcome.Done());
                assertThat(found.content(active)).as(where).isEqualTo(shown);
                assertThat(found.check(active).isClean()).as(where).isTrue();
                assertThat(snapshot(found, active)).as(where).isEqualTo(taken);
            }
        }
    }

    /** What the image shows with its snapshot's L1 table in the place of its own; it has no backing file. */
    private static byte[] snapshot(Simulated pool, ImageRef image) throws IOException {
        Simulated copy = new Simulated(pool.storage.fork());
        try (ImageFile file = copy.storage.open(copy.path(image), OpenMode.READ_WRITE)) {
            List<SnapshotEntry> snapshots =
                    Directories.snapshots(file, HeaderFile.read(file)).entries();
            assertThat(snapshots).hasSize(1);
            file.write(
                    ByteBuffer.allocate(4)
                            .putInt(snapshots.getFirst().l1Entries())
                            .flip(),
                    L1_ENTRIES);
            file.write(
                    ByteBuffer.allocate(8)
                            .putLong(snapshots.getFirst().l1Offset())
                            .flip(),
                    L1_OFFSET);
        }
        return copy.content(image);
    }
}
