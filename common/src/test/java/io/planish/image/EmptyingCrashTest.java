package io.planish.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.storage.ImageFile;
import io.planish.storage.Qemu;
import io.planish.storage.SimulatedStorage;
import io.planish.storage.SimulatedStorage.Failure;
import io.planish.storage.SimulatedStorage.PowerLost;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whatever step of emptying a committed image is the last before the power goes, or fails, its guest sees the same, its tables are sound, and
 * it can be emptied again, leaking nothing.
 */
class EmptyingCrashTest {
    private static final Path BASE = Path.of("/pool/base.qcow2");
    private static final Path TOP = Path.of("/pool/top.qcow2");

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "'cluster_size=4k', ''",
        "'cluster_size=512,refcount_bits=1', ''",
        "'cluster_size=4k', bitmap",
        "'cluster_size=16k,extended_l2=on', bitmap",
        "'cluster_size=4k,lazy_refcounts=on', dirty"
    })
    void theGuestSeesTheSameThroughout(String options, String with) throws IOException {
        SimulatedStorage start = committed(options, with);
        byte[] content = content(start);
        SimulatedStorage whole = start.fork();
        empty(whole);
        requireEmpty(whole, content, "no crash");

        for (long step = 1; step <= whole.steps(); step++) {
            SimulatedStorage storage = start.fork();
            storage.losePowerAfter(step);
            try {
                empty(storage);
            } catch (PowerLost expected) {
                // what follows looks at what is left
            }
            for (SimulatedStorage found : storage.afterPowerLosses(4, step)) {
                requireSameThenEmpty(found, content, "step " + step);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"'cluster_size=4k', ''", "'cluster_size=4k', bitmap", "'cluster_size=4k,lazy_refcounts=on', dirty"})
    void aStepThatFailsCostsNothing(String options, String with) throws IOException {
        SimulatedStorage start = committed(options, with);
        byte[] content = content(start);
        SimulatedStorage whole = start.fork();
        empty(whole);

        for (long step = 1; step <= whole.steps(); step++) {
            for (Failure failure : Failure.values()) {
                SimulatedStorage storage = start.fork();
                storage.failStep(step, failure);
                try {
                    empty(storage);
                } catch (IOException expected) {
                    // what follows looks at what is left
                }
                requireSameThenEmpty(storage.fork(), content, "step " + step + " fails with " + failure);
            }
        }
    }

    /** base <- top, of which base shows what top shows already. */
    private SimulatedStorage committed(String options, String with) throws IOException {
        QemuImages images = new QemuImages(folder);
        images.create("base.qcow2", "cluster_size=64k", "512k");
        images.io("base.qcow2", "write -P 1 0 200k");
        images.overlay("top.qcow2", options, "base.qcow2", "qcow2", "512k");
        images.io("top.qcow2", "write -P 2 30k 90k", "write -z 150k 20k", "write -c -P 3 256k 16k");
        if (with.equals("bitmap")) {
            Qemu.img("bitmap", "--add", images.path("top.qcow2").toString(), "b");
            images.io("top.qcow2", "write -P 4 400k 9k");
        }
        if (with.equals("dirty")) {
            Qemu.io(images.path("top.qcow2"), "write -P 4 400k 9k", "flush", "abort");
        }
        Qemu.img(
                "convert",
                "-O",
                "raw",
                images.path("top.qcow2").toString(),
                images.path("raw").toString());
        Qemu.img(
                "convert",
                "-n",
                "-O",
                "qcow2",
                images.path("raw").toString(),
                images.path("base.qcow2").toString());
        SimulatedStorage storage = new SimulatedStorage();
        storage.load(images.path("base.qcow2"), BASE);
        storage.load(images.path("top.qcow2"), TOP);
        return storage;
    }

    private static void empty(SimulatedStorage storage) throws IOException {
        try (ImageFile file = storage.open(TOP, OpenMode.READ_WRITE)) {
            file.sync();
            ImageEmptying.run(file, "top");
        }
    }

    private static void requireSameThenEmpty(SimulatedStorage found, byte[] content, String where) throws IOException {
        assertThat(content(found)).as(where).isEqualTo(content);
        empty(found);
        requireEmpty(found, content, where);
    }

    private static void requireEmpty(SimulatedStorage storage, byte[] content, String where) throws IOException {
        assertThat(content(storage)).as(where).isEqualTo(content);
        try (ImageFile file = storage.open(TOP, OpenMode.READ)) {
            assertThat(MetadataCheck.run(file, "top").messages()).as(where).isEmpty();
            Qcow2Image image = Qcow2Image.open(file, "top", Images.CACHE_BYTES);
            Mapping all = image.map(0, image.virtualSizeBytes());
            assertThat(all.kind()).as(where).isEqualTo(MappingKind.UNALLOCATED);
            assertThat(all.lengthBytes()).as(where).isEqualTo(image.virtualSizeBytes());
        }
    }

    private static byte[] content(SimulatedStorage storage) throws IOException {
        ImageChain chain = new ImageChain(List.of(
                Qcow2Image.open(storage.open(BASE, OpenMode.READ), "base", Images.CACHE_BYTES),
                Qcow2Image.open(storage.open(TOP, OpenMode.READ), "top", Images.CACHE_BYTES)));
        byte[] content = QemuImages.content(chain);
        QemuImages.close(chain);
        return content;
    }
}
