package io.planish.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.storage.ImageFile;
import io.planish.storage.SimulatedStorage;
import io.planish.storage.SimulatedStorage.PowerLost;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Power is lost around every step of emptying an image: it is full or empty then, and sound, and can be emptied again. */
class FreshTablesTest {
    private static final Path IMAGE = Path.of("/pool/a.qcow2");
    private static final String NAME = "a.qcow2";

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cluster_size=4k",
                "cluster_size=512,refcount_bits=64",
                "cluster_size=512,refcount_bits=1",
                "cluster_size=64k,compat=0.10"
            })
    void everyCrashLeavesAFullOrAnEmptyImage(String options) throws IOException {
        QemuImages images = new QemuImages(folder);
        images.create(NAME, options, "1M");
        images.io(NAME, "write -P 1 0 130k", "write -P 2 300k 30k", "write -c -P 3 704k 64k");
        SimulatedStorage start = new SimulatedStorage();
        start.load(images.path(NAME), IMAGE);
        byte[] full = content(start);
        byte[] empty = new byte[full.length];
        SimulatedStorage whole = start.fork();
        install(whole);
        assertThat(content(whole)).isEqualTo(empty);
        long size = size(whole);
        assertThat(size).isLessThan(size(start) / 2);

        for (long step = 1; step <= whole.steps(); step++) {
            SimulatedStorage storage = start.fork();
            storage.losePowerAfter(step);
            try {
                install(storage);
            } catch (PowerLost expected) {
                // what follows looks at what is left
            }
            for (long seed = 0; seed < 20; seed++) {
                String where = "step " + step + ", seed " + seed;
                SimulatedStorage found = storage.afterPowerLoss(seed);
                byte[] content = content(found);
                assertThat(content).as(where).isIn(full, empty);
                assertClean(found, where);
                install(found);
                assertThat(content(found)).as(where).isEqualTo(empty);
                assertClean(found, where);
                assertThat(size(found)).as(where).isEqualTo(size);
            }
        }
    }

    private static void install(SimulatedStorage storage) throws IOException {
        try (ImageFile file = storage.open(IMAGE, OpenMode.READ_WRITE)) {
            FreshTables.install(file);
        }
    }

    private static long size(SimulatedStorage storage) throws IOException {
        try (ImageFile file = storage.open(IMAGE, OpenMode.READ)) {
            return file.sizeBytes();
        }
    }

    private static void assertClean(SimulatedStorage storage, String where) throws IOException {
        try (ImageFile file = storage.open(IMAGE, OpenMode.READ)) {
            assertThat(MetadataCheck.run(file, NAME).messages()).as(where).isEmpty();
        }
    }

    private static byte[] content(SimulatedStorage storage) throws IOException {
        ImageChain chain =
                new ImageChain(List.of(Qcow2Image.open(storage.open(IMAGE, OpenMode.READ), NAME, Images.CACHE_BYTES)));
        byte[] content = QemuImages.content(chain);
        QemuImages.close(chain);
        return content;
    }
}
