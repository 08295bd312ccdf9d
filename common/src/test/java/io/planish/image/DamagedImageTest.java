package io.planish.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.qcow2.Header;
import io.planish.qcow2.L1Entry;
import io.planish.storage.ImageFile;
import io.planish.storage.Qemu;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever the bytes are: an image is read or refused, in bounded time, and never by a crash of the reader. */
class DamagedImageTest {
    private static final Duration BUDGET = Duration.ofSeconds(8);
    private static final int SIZE = 2 << 20;

    @TempDir
    Path folder;

    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        images = new QemuImages(folder);
    }

    @ParameterizedTest
    @CsvSource({"512, zlib", "4k, zstd", "64k, zlib", "64k, zstd"})
    void flippedBitsAreReadOrRefused(String cluster, String compression) throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        images.create("a.qcow2", "cluster_size=" + cluster + ",compression_type=" + compression, "" + SIZE);
        int clusterBytes =
                cluster.endsWith("k") ? Integer.parseInt(cluster.replace("k", "")) << 10 : Integer.parseInt(cluster);
        images.scribble("a.qcow2", SIZE, clusterBytes, true, random, 30);
        Qemu.img("snapshot", "-c", "one", images.path("a.qcow2").toString());
        Qemu.img("bitmap", "--add", images.path("a.qcow2").toString(), "b");
        images.scribble("a.qcow2", SIZE, clusterBytes, false, random, 10);
        byte[] sound = Files.readAllBytes(images.path("a.qcow2"));
        List<int[]> metadata = metadata(clusterBytes);
        int refused = 0;
        int read = 0;
        long end = System.nanoTime() + BUDGET.toNanos() / 4;
        while (System.nanoTime() < end) {
            byte[] bytes = sound.clone();
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                int[] range = metadata.get(random.nextInt(metadata.size()));
                int at = range[0] + random.nextInt(range[1]);
                bytes[at] ^= (byte) (random.nextBoolean() ? 1 << random.nextInt(8) : random.nextInt(256));
            }
            if (random.nextInt(10) == 0) {
                bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            }
            Files.write(images.path("d.qcow2"), bytes);
            try {
                readAll();
                read++;
            } catch (ImageException e) {
                assertThat(e.kind()).isIn(ErrorKind.MALFORMED_IMAGE, ErrorKind.UNSUPPORTED_FEATURE);
                assertThat(e.getMessage()).startsWith("d.qcow2: ").doesNotContain("\n");
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertThat(refused).as("seed %s", seed).isPositive();
        assertThat(read).as("seed %s", seed).isPositive();
    }

    @Test
    void aCompressedClusterThatIsNoneIsRefused() throws IOException {
        images.create("d.qcow2", "cluster_size=64k", "" + SIZE);
        images.io("d.qcow2", "write -c -P 5 0 64k");
        try (ImageFile file = images.file("d.qcow2")) {
            file.write(ByteBuffer.wrap(new byte[] {-1, -1, -1, -1}), 5L << 16);
        }

        assertThat(catchThrowable(this::readAll))
                .hasMessageContaining("d.qcow2: compressed cluster is damaged")
                .hasMessageContaining("0x50000");
    }

    private void readAll() throws IOException {
        try (ImageFile file = images.file("d.qcow2")) {
            MetadataCheck.run(file, "d.qcow2");
        }
        try (Qcow2Image image = images.open("d.qcow2")) {
            ImageChain chain = new ImageChain(List.of(image));
            long size = Math.min(SIZE, image.virtualSizeBytes());
            ByteBuffer cluster = ByteBuffer.allocate(1 << 16);
            for (long at = 0; at < size; at += cluster.capacity()) {
                chain.read(0, at, cluster.clear().limit((int) Math.min(cluster.capacity(), size - at)));
            }
            OwnedClusters.of(image);
        }
    }

    /** Where damage tells: header, tables, and a little of everything. */
    private List<int[]> metadata(int clusterBytes) throws IOException {
        List<int[]> ranges = new ArrayList<>();
        try (Qcow2Image image = images.open("a.qcow2")) {
            Header header = image.header();
            ranges.add(new int[] {0, 112});
            ranges.add(new int[] {112, 400});
            ranges.add(new int[] {(int) header.l1Offset(), 8 * header.l1Entries()});
            ranges.add(new int[] {(int) header.refcountTableOffset(), 64});
            ranges.add(new int[] {(int) header.snapshotTableOffset(), 80});
            ranges.add(new int[] {(int) header.bitmaps().orElseThrow().directoryOffset(), 32});
            ByteBuffer entry = ByteBuffer.allocate(8);
            image.file().read(entry, header.l1Offset());
            ranges.add(new int[] {(int) L1Entry.l2Offset(entry.getLong(0)), Math.min(clusterBytes, 64 * 8)});
            ranges.add(new int[] {0, (int) image.file().sizeBytes()});
        }
        return ranges;
    }
}
