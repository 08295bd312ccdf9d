package io.planish.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.storage.ImageFile;
import io.planish.storage.Qemu;
import io.planish.storage.SimulatedStorage;
import io.planish.storage.SimulatedStorage.PowerLost;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Power is lost around every step of a repair; whatever survives, the guest reads the same and the next repair succeeds. */
class RepairCrashTest {
    private static final Path IMAGE = Path.of("/pool/a.qcow2");
    private static final String NAME = "a.qcow2";

    @TempDir
    Path folder;

    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        images = new QemuImages(folder);
    }

    @Test
    void aRebuildSurvivesEveryCrash() throws IOException {
        images.create(NAME, "lazy_refcounts=on,cluster_size=4k", "1M");
        Qemu.io(images.path(NAME), "write -P 1 0 60k", "write -P 2 300k 30k", "flush", "abort");

        everyCrash();
    }

    @Test
    void givingLeaksBackSurvivesEveryCrash() throws IOException {
        images.create(NAME, "cluster_size=4k,refcount_bits=4", "1M");
        images.io(NAME, "write -P 1 0 60k");
        Qemu.img("snapshot", "-c", "one", images.path(NAME).toString());
        images.io(NAME, "write -P 2 16k 30k");
        forgetSnapshots();

        everyCrash();
    }

    /** The header loses its snapshot: all that only the snapshot uses is leaked, and what it shares lacks COPIED flags. */
    private void forgetSnapshots() throws IOException {
        try (ImageFile file = images.file(NAME)) {
            file.write(ByteBuffer.allocate(12), 60);
            assertThat(MetadataCheck.run(file, NAME).leaks()).isGreaterThan(10);
        }
    }

    private void everyCrash() throws IOException {
        SimulatedStorage start = new SimulatedStorage();
        start.load(images.path(NAME), IMAGE);
        byte[] content = content(start);
        SimulatedStorage whole = start.fork();
        repair(whole);
        long steps = whole.steps();
        assertClean(whole, content, "without a crash");

        for (long step = 1; step <= steps; step++) {
            for (boolean after : new boolean[] {false, true}) {
                SimulatedStorage storage = start.fork();
                if (after) {
                    storage.losePowerAfter(step);
                } else {
                    storage.losePowerBefore(step);
                }
                try {
                    repair(storage);
                } catch (PowerLost expected) {
                    // what follows looks at what is left
                }
                for (long seed = 0; seed < 6; seed++) {
                    String where = "step " + step + (after ? " done" : " not done") + ", seed " + seed;
                    SimulatedStorage found = storage.afterPowerLoss(seed);
                    assertThat(content(found)).as(where).isEqualTo(content);
                    repair(found);
                    assertClean(found, content, where);
                }
            }
        }
    }

    private static void repair(SimulatedStorage storage) throws IOException {
        try (ImageFile file = storage.open(IMAGE, OpenMode.READ_WRITE)) {
            MetadataCheck.repair(file, NAME);
        }
    }

    private static void assertClean(SimulatedStorage storage, byte[] content, String where) throws IOException {
        try (ImageFile file = storage.open(IMAGE, OpenMode.READ)) {
            assertThat(MetadataCheck.run(file, NAME).messages()).as(where).isEmpty();
            assertThat(Images.header(file, NAME).isDirty()).as(where).isFalse();
        }
        assertThat(content(storage)).as(where).isEqualTo(content);
    }

    private static byte[] content(SimulatedStorage storage) throws IOException {
        ImageChain chain =
                new ImageChain(List.of(Qcow2Image.open(storage.open(IMAGE, OpenMode.READ), NAME, Images.CACHE_BYTES)));
        byte[] content = QemuImages.content(chain);
        QemuImages.close(chain);
        return content;
    }
}
