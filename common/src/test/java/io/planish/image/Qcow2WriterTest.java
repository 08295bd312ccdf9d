package io.planish.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.qcow2.CompressedDescriptor;
import io.planish.storage.ImageFile;
import io.planish.storage.Qemu;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Refcounts of every width, with so many clusters that blocks and table grow, judged by QEMU's check. */
class Qcow2WriterTest {
    private static final String NAME = "a.qcow2";

    @TempDir
    Path folder;

    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        images = new QemuImages(folder);
    }

    @ParameterizedTest(name = "{0} bits, clusters of {1}")
    @CsvSource({
        "1, 512, 270000",
        "2, 512, 140000",
        "4, 512, 70000",
        "8, 512, 60000",
        "16, 512, 40000",
        "32, 512, 20000",
        "64, 512, 20000",
        "1, 4096, 40000",
        "64, 1024, 20000"
    })
    void blocksAndTableGrowWithTheImage(int refcountBits, int clusterBytes, int clusters) throws IOException {
        Random random = new Random(refcountBits);
        images.create(NAME, "refcount_bits=" + refcountBits + ",cluster_size=" + clusterBytes, "1M");
        try (ImageFile file = images.file(NAME)) {
            Qcow2Writer writer = Qcow2Writer.open(file, HeaderFile.read(file));
            writer.growL1((long) clusters * clusterBytes);
            byte[] stream = new byte[clusterBytes];
            for (int cluster = 0; cluster < clusters; ) {
                switch (random.nextInt(8)) {
                    case 0 -> writer.mapZero((long) cluster++ * clusterBytes, clusterBytes);
                    case 1 -> {
                        int length = 1 + random.nextInt(clusterBytes - 1);
                        long at = (long) cluster++ * clusterBytes;
                        CompressedDescriptor source = CompressedDescriptor.of(0, length);
                        long place = random.nextBoolean()
                                ? writer.mapCompressed(at, length)
                                : writer.mapCompressed(at, source, length);
                        file.write(ByteBuffer.wrap(stream, 0, length), place);
                    }
                    default -> {
                        long at = (long) cluster * clusterBytes;
                        int wanted = Math.min(clusters - cluster, 1 + random.nextInt(200));
                        TargetWriter.Place place = writer.place(at, (long) wanted * clusterBytes, false);
                        writer.mapData(at, place.lengthBytes(), place.hostOffset());
                        cluster += (int) (place.lengthBytes() / clusterBytes);
                        file.write(ByteBuffer.wrap(new byte[1]), place.hostOffset() + place.lengthBytes() - 1);
                    }
                }
                if (random.nextInt(500) == 0) {
                    writer.flush();
                }
                if (random.nextInt(1000) == 0) {
                    writer.flush();
                    for (int i = random.nextInt(300); i > 0 && cluster > 0; i--) {
                        writer.mapZero((long) random.nextInt(cluster) * clusterBytes, clusterBytes);
                    }
                    writer.flush();
                    writer.growL1((long) clusters * clusterBytes * (2 + cluster / 5000));
                }
            }
            writer.flush();
        }
        Qemu.Result checked = Qemu.run("qemu-img", "check", images.path(NAME).toString());
        assertThat(checked.exit()).as(checked.output()).isZero();
    }

    @ParameterizedTest(name = "{0} bits")
    @CsvSource({"1", "2", "4", "8", "16", "32", "64"})
    void roomSideBySideIsFoundBehindWhateverIsThere(int refcountBits) throws IOException {
        images.create(NAME, "refcount_bits=" + refcountBits + ",cluster_size=512", "1M");
        try (ImageFile file = images.file(NAME)) {
            Qcow2Writer writer = Qcow2Writer.open(file, HeaderFile.read(file));
            for (int i = 1; i <= 50; i++) {
                long at = i % 100 * 512L;
                TargetWriter.Place place = writer.place(at, (1 + i * 7 % 50) * 512L, false);
                writer.mapData(at, 512, place.hostOffset());
                writer.flush();
                writer.growL1(i * (512L << 10) * i);
            }
            assertThat(MetadataCheck.run(file, NAME).corruptions()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"compat=0.10", "compat=1.1", "cluster_size=512"})
    void anImageOfNoSizeGrows(String options) throws IOException {
        images.create(NAME, options, "0");
        try (ImageFile file = images.file(NAME)) {
            Qcow2Writer writer = Qcow2Writer.open(file, HeaderFile.read(file));
            writer.grow(1 << 20);
            writer.flush();
            assertThat(MetadataCheck.run(file, NAME).messages()).isEmpty();
        }
    }
}
