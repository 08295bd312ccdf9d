package io.planish.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.storage.Qemu;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Qcow2ImageTest {
    @TempDir
    Path folder;

    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        images = new QemuImages(folder);
    }

    @ParameterizedTest
    @CsvSource({
        "512, 0.10, 16, zlib", "512, 1.1, 64, zlib", "1k, 1.1, 1, zlib", "4k, 1.1, 2, zstd", "8k, 0.10, 16, zlib",
        "16k, 1.1, 4, zlib", "32k, 1.1, 8, zstd", "64k, 0.10, 16, zlib", "64k, 1.1, 16, zlib", "64k, 1.1, 32, zstd",
        "128k, 1.1, 16, zlib", "1M, 1.1, 16, zstd", "2M, 0.10, 16, zlib", "2M, 1.1, 64, zlib"
    })
    void contentAndMapOfAChainAreAsQemuSees(String cluster, String compat, int refcountBits, String compression)
            throws IOException {
        String options = "cluster_size=" + cluster + ",compat=" + compat
                + (compat.equals("1.1") ? ",refcount_bits=" + refcountBits + ",compression_type=" + compression : "");
        requireReadAsByQemu(options, (int) bytes(cluster));
    }

    @ParameterizedTest
    @CsvSource({"16k, zlib", "32k, zstd", "64k, zlib", "128k, zstd", "2M, zlib"})
    void contentAndMapOfAChainWithSubclustersAreAsQemuSees(String cluster, String compression) throws IOException {
        requireReadAsByQemu(
                "extended_l2=on,cluster_size=" + cluster + ",compression_type=" + compression, (int) bytes(cluster));
    }

    private void requireReadAsByQemu(String options, int bytes) throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        long size = Math.min(32L << 20, Math.max(2L << 20, bytes * 12L));
        Qemu.img("create", "-q", "-f", "raw", images.path("base.raw").toString(), "" + size / 2);
        Qemu.run(
                "qemu-io",
                "-f",
                "raw",
                "-c",
                "write -P 7 64k 300k",
                images.path("base.raw").toString());
        images.overlay("a.qcow2", options, "base.raw", "raw", "" + (size - 512));
        images.scribble("a.qcow2", size - 512, bytes, true, random, 20);
        images.overlay("b.qcow2", options, "a.qcow2", "qcow2", "" + size);
        images.scribble("b.qcow2", size, bytes, true, random, 10);

        ImageChain chain = images.chain("base.raw", "a.qcow2", "b.qcow2");

        assertThat(QemuImages.content(chain)).as("seed %s", seed).isEqualTo(images.contentByQemu("b.qcow2"));
        assertThat(mapOf(chain)).as("seed %s", seed).isEqualTo(mapByQemu("b.qcow2"));
        QemuImages.close(chain);
    }

    @ParameterizedTest
    @CsvSource({"zlib, 4k", "zstd, 4k", "zlib, 64k", "zstd, 64k", "zlib, 2M", "zstd, 2M"})
    void aConvertedCompressedImageReadsAsQemuReadsIt(String compression, String cluster) throws IOException {
        long seed = System.nanoTime();
        images.create("plain.qcow2", "cluster_size=4k", "9M");
        images.scribble("plain.qcow2", 9 << 20, 4096, false, new Random(seed), 200);
        Qemu.run("sh", "-c", "head -c 3000000 /dev/urandom | dd of='" + images.path("noise") + "' 2>/dev/null");
        Qemu.img(
                "convert",
                "-c",
                "-O",
                "qcow2",
                "-o",
                "compression_type=" + compression + ",cluster_size=" + cluster,
                images.path("plain.qcow2").toString(),
                images.path("c.qcow2").toString());
        Qemu.img(
                "convert",
                "-f",
                "raw",
                "-c",
                "-O",
                "qcow2",
                "-o",
                "compression_type=" + compression,
                images.path("noise").toString(),
                images.path("n.qcow2").toString());

        for (String name : List.of("c.qcow2", "n.qcow2")) {
            ImageChain chain = images.chain(name);
            assertThat(QemuImages.content(chain)).as("seed %s", seed).isEqualTo(images.contentByQemu(name));
            QemuImages.close(chain);
        }
    }

    @Test
    void preallocatedAndSnapshottedImagesAreMapped() throws IOException {
        images.create("p.qcow2", "preallocation=metadata", "5M");
        images.io("p.qcow2", "write -P 3 1M 100k");
        Qemu.img("snapshot", "-c", "one", images.path("p.qcow2").toString());
        images.io("p.qcow2", "write -P 4 1M 64k", "write -z 2M 64k");

        ImageChain chain = images.chain("p.qcow2");

        assertThat(mapOf(chain)).isEqualTo(mapByQemu("p.qcow2"));
        assertThat(QemuImages.content(chain)).isEqualTo(images.contentByQemu("p.qcow2"));
        QemuImages.close(chain);
    }

    @Test
    void ownedClustersAreThoseOfTheTables() throws IOException {
        images.create("a.qcow2", "cluster_size=64k", "10M");
        images.io("a.qcow2", "write -P 1 64k 128k", "write -z 1M 64k", "write -c -P 2 2M 64k");

        try (Layer layer = images.open("a.qcow2")) {
            OwnedClusters owned = OwnedClusters.of(layer);
            assertThat(owned.data().toArray()).containsExactly(1, 2);
            assertThat(owned.zero().toArray()).containsExactly(16);
            assertThat(owned.compressed().toArray()).containsExactly(32);
            OwnedClusters coarse = OwnedClusters.of(layer, 1 << 20);
            assertThat(coarse.data().toArray()).containsExactly(0);
            assertThat(coarse.all().toArray()).containsExactly(0, 1, 2);
        }
    }

    @Test
    void aHugeEmptyDiskIsMappedAtOnce() throws IOException {
        images.create("a.qcow2", "cluster_size=64k", "1P");

        try (Layer layer = images.open("a.qcow2")) {
            assertThat(layer.map(0, 1L << 50)).isEqualTo(new Mapping(MappingKind.UNALLOCATED, 0, 1L << 50, -1));
        }
    }

    @Test
    void anotherFormatIsRefusedByName() throws IOException {
        images.create("a.qcow2", "cluster_size=64k", "1M");

        assertThatThrownBy(() -> images.open("a.qcow2", "vmdk"))
                .hasMessage("a.qcow2: format vmdk (qcow2 and raw are supported)");
    }

    private static List<List<Object>> mapOf(ImageChain chain) throws IOException {
        List<List<Object>> extents = new ArrayList<>();
        ChainMap.forEach(
                chain,
                e -> extents.add(List.of(
                        e.start(),
                        e.length(),
                        e.depth(),
                        e.present(),
                        e.zero(),
                        e.data(),
                        e.offset().orElse(-1))));
        return extents;
    }

    private List<List<Object>> mapByQemu(String name) {
        List<List<Object>> extents = new ArrayList<>();
        for (JsonNode e : images.json("map", name)) {
            extents.add(List.of(
                    e.get("start").asLong(),
                    e.get("length").asLong(),
                    e.get("depth").asInt(),
                    e.get("present").asBoolean(),
                    e.get("zero").asBoolean(),
                    e.get("data").asBoolean(),
                    e.path("offset").asLong(-1)));
        }
        return extents;
    }

    private static long bytes(String size) {
        long number = Long.parseLong(size.replaceAll("[kM]", ""));
        return size.endsWith("k") ? number << 10 : size.endsWith("M") ? number << 20 : number;
    }
}
