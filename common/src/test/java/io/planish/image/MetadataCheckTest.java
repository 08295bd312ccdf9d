package io.planish.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.L1Entry;
import io.planish.qcow2.L2Entry;
import io.planish.qcow2.RefcountTableEntry;
import io.planish.qcow2.Refcounts;
import io.planish.storage.ImageFile;
import io.planish.storage.Qemu;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataCheckTest {
    private static final long SIZE = 6 << 20;

    @TempDir
    Path folder;

    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        images = new QemuImages(folder);
    }

    @ParameterizedTest
    @CsvSource({
        "512, 0.10, 16",
        "512, 1.1, 64",
        "1k, 1.1, 2",
        "4k, 1.1, 1",
        "4k, 0.10, 16",
        "16k, 1.1, 8",
        "64k, 1.1, 16",
        "64k, 1.1, 4",
        "64k, 1.1, 64",
        "512k, 1.1, 32",
        "2M, 0.10, 16",
        "2M, 1.1, 1"
    })
    void aSoundImageIsCountedAsQemuCountsIt(String cluster, String compat, int width) throws IOException {
        long seed = System.nanoTime();
        make("a.qcow2", cluster, compat, width, seed);

        assertSameAsQemu("a.qcow2", seed);
        assertThat(check("a.qcow2").isClean()).isTrue();
    }

    @Test
    void snapshotsAndBitmapsAreFollowed() throws IOException {
        long seed = System.nanoTime();
        make("a.qcow2", "4k", "1.1", 16, seed);
        Qemu.img("snapshot", "-c", "one", images.path("a.qcow2").toString());
        images.scribble("a.qcow2", SIZE, 4096, false, new Random(seed), 20);
        Qemu.img("snapshot", "-c", "two", images.path("a.qcow2").toString());
        Qemu.img("bitmap", "--add", "--enable", images.path("a.qcow2").toString(), "b0");
        Qemu.img(
                "bitmap",
                "--add",
                "--disable",
                "-g",
                "512",
                images.path("a.qcow2").toString(),
                "b1");
        images.scribble("a.qcow2", SIZE, 4096, false, new Random(seed), 20);

        assertSameAsQemu("a.qcow2", seed);
        assertThat(check("a.qcow2").isClean()).isTrue();
        try (Qcow2Image image = images.open("a.qcow2")) {
            assertThat(Directories.snapshots(image.file(), image.header()).entries())
                    .extracting(s -> s.id() + " " + s.name() + " " + s.virtualSizeBytes())
                    .containsExactly("1 one " + SIZE, "2 two " + SIZE);
            assertThat(Directories.bitmaps(image.file(), image.header()))
                    .extracting(b -> b.name() + " " + b.granularityBits() + " " + b.isEnabled())
                    .containsExactly("b0 12 true", "b1 9 false");
        }
    }

    @Test
    void preallocatedImagesAreCounted() throws IOException {
        images.create("a.qcow2", "preallocation=metadata,cluster_size=4k", "" + SIZE);
        images.io("a.qcow2", "write -z 0 1M");

        assertSameAsQemu("a.qcow2", 0);
    }

    @ParameterizedTest
    @CsvSource({"512, 64", "4k, 16", "4k, 4", "64k, 16"})
    void wrongRefcountsAreCountedAsQemuCountsThem(String cluster, int width) throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        make("a.qcow2", cluster, "1.1", width, seed);
        for (int i = 0; i < 5; i++) {
            long clusters = images.path("a.qcow2").toFile().length() / bytes(cluster);
            setRefcount("a.qcow2", 1 + random.nextLong(clusters - 1), random.nextInt(3));
        }

        assertSameAsQemu("a.qcow2", seed);
    }

    @Test
    void aMissingCopiedFlagIsCountedAndPutRight() throws IOException {
        make("a.qcow2", "64k", "1.1", 16, 1);
        changeFirstDataEntry("a.qcow2", entry -> entry & ~L2Entry.COPIED);
        assertSameAsQemu("a.qcow2", 1);
        assertThat(check("a.qcow2").corruptions()).isEqualTo(1);

        withFile("a.qcow2", f -> MetadataCheck.repair(f, "a.qcow2"));

        assertThat(check("a.qcow2").isClean()).isTrue();
        assertSameAsQemu("a.qcow2", 1);
    }

    @Test
    void aCopiedFlagOnSharedDataIsAnError() throws IOException {
        make("a.qcow2", "64k", "1.1", 16, 1);
        Qemu.img("snapshot", "-c", "one", images.path("a.qcow2").toString());
        changeFirstDataEntry("a.qcow2", entry -> entry | L2Entry.COPIED);

        assertSameAsQemu("a.qcow2", 1);
        assertThatThrownBy(() -> withFile("a.qcow2", f -> MetadataCheck.requireSound(f, "a.qcow2")))
                .hasMessageContaining("has the COPIED flag");
    }

    @Test
    void guestDataInATableIsAnErrorThoughTheRefcountAgrees() throws IOException {
        make("a.qcow2", "64k", "1.1", 16, 1);
        Header header = header("a.qcow2");
        long l1Cluster = header.l1Offset() >>> 16;
        long old = changeFirstDataEntry("a.qcow2", entry -> L2Entry.standard(header.l1Offset(), false));
        setRefcount("a.qcow2", l1Cluster, 2);
        setRefcount("a.qcow2", L2Entry.hostOffset(old) >>> 16, 0);

        MetadataCheck.Result result = check("a.qcow2");

        assertThat(result.leaks()).isZero();
        assertThat(result.messages()).singleElement().asString().contains("two uses that exclude each other");
    }

    @ParameterizedTest
    @CsvSource({"512, 0.10, 16", "4k, 1.1, 1", "4k, 1.1, 16", "64k, 1.1, 64", "2M, 1.1, 2"})
    void leaksAreGivenBack(String cluster, String compat, int width) throws IOException {
        make("a.qcow2", cluster, compat, width, 5);
        byte[] content = images.contentByQemu("a.qcow2");
        Qemu.run(
                "truncate",
                "-s",
                "+" + 3 * bytes(cluster),
                images.path("a.qcow2").toString());
        long clusters = images.path("a.qcow2").toFile().length() / bytes(cluster);
        setRefcount("a.qcow2", clusters - 1, 1);
        setRefcount("a.qcow2", clusters - 3, 1);
        assertThat(check("a.qcow2").leaks()).isEqualTo(2);

        withFile("a.qcow2", f -> MetadataCheck.repair(f, "a.qcow2"));

        assertThat(images.json("check", "a.qcow2").has("leaks")).isFalse();
        assertSameAsQemu("a.qcow2", 5);
        assertThat(images.contentByQemu("a.qcow2")).isEqualTo(content);
    }

    @ParameterizedTest
    @ValueSource(strings = {"4k", "64k"})
    void anImageLeftDirtyByACrashIsRebuilt(String cluster) throws IOException {
        images.create("a.qcow2", "lazy_refcounts=on,cluster_size=" + cluster, "" + SIZE);
        Qemu.io(images.path("a.qcow2"), "write -P 1 0 1M", "write -P 2 3M 300k", "flush", "abort");
        assertThat(header("a.qcow2").isDirty()).isTrue();
        Qemu.run("cp", images.path("a.qcow2").toString(), images.path("b.qcow2").toString());
        assertThat(check("a.qcow2").corruptions()).isPositive();

        withFile("a.qcow2", f -> MetadataCheck.repair(f, "a.qcow2"));

        assertThat(header("a.qcow2").isDirty()).isFalse();
        assertSameAsQemu("a.qcow2", 0);
        assertThat(check("a.qcow2").isClean()).isTrue();
        assertThat(images.contentByQemu("a.qcow2")).isEqualTo(images.contentByQemu("b.qcow2"));
    }

    @ParameterizedTest
    @CsvSource({
        "512, 0.10, 16",
        "512, 1.1, 64",
        "1k, 1.1, 1",
        "4k, 1.1, 4",
        "64k, 1.1, 16",
        "64k, 1.1, 64",
        "2M, 1.1, 1"
    })
    void rebuiltRefcountsAreRight(String cluster, String compat, int width) throws IOException {
        long seed = System.nanoTime();
        make("a.qcow2", cluster, compat, width, seed);
        byte[] content = images.contentByQemu("a.qcow2");

        withFile("a.qcow2", f -> RefcountRebuild.run(f, Images.header(f, "a.qcow2"), 128));

        assertSameAsQemu("a.qcow2", seed);
        assertThat(check("a.qcow2").isClean()).as("seed %s", seed).isTrue();
        assertThat(images.contentByQemu("a.qcow2")).isEqualTo(content);
    }

    @Test
    void anImageMarkedCorruptCanBeCheckedButNotOpened() throws IOException {
        images.create("a.qcow2", "cluster_size=64k", "1M");
        withFile("a.qcow2", f -> f.write(ByteBuffer.allocate(8).putLong(0, 2), 72));

        assertThat(check("a.qcow2").isClean()).isTrue();
        assertThatThrownBy(() -> images.open("a.qcow2")).hasMessageContaining("marked corrupt");
    }

    private void make(String name, String cluster, String compat, int width, long seed) {
        String refcounts = compat.equals("1.1") ? ",refcount_bits=" + width : "";
        images.create(name, "cluster_size=" + cluster + ",compat=" + compat + refcounts, "" + SIZE);
        images.scribble(name, SIZE, (int) bytes(cluster), true, new Random(seed), 30);
    }

    private MetadataCheck.Result check(String name) throws IOException {
        return ask(name, f -> {
            MetadataCheck.Result result = MetadataCheck.run(f, name);
            MetadataCheck.Result inWindows = MetadataCheck.run(f, name, 64);
            assertThat(List.of(inWindows.corruptions(), inWindows.leaks(), inWindows.imageEndOffset()))
                    .isEqualTo(List.of(result.corruptions(), result.leaks(), result.imageEndOffset()));
            return result;
        });
    }

    private void assertSameAsQemu(String name, long seed) throws IOException {
        JsonNode qemu = images.json("check", name);
        MetadataCheck.Result ours = check(name);
        List<Long> expected = new ArrayList<>();
        for (String field : List.of(
                "corruptions",
                "leaks",
                "total-clusters",
                "allocated-clusters",
                "fragmented-clusters",
                "compressed-clusters",
                "image-end-offset")) {
            expected.add(qemu.path(field).asLong());
        }
        assertThat(List.of(
                        ours.corruptions(),
                        ours.leaks(),
                        ours.totalClusters(),
                        ours.allocatedClusters(),
                        ours.fragmentedClusters(),
                        ours.compressedClusters(),
                        ours.imageEndOffset()))
                .as("seed %s: %s against %s", seed, ours.messages(), qemu)
                .isEqualTo(expected);
    }

    private interface FileAction {
        void on(ImageFile file) throws IOException;
    }

    private interface FileQuestion<T> {
        T of(ImageFile file) throws IOException;
    }

    private void withFile(String name, FileAction action) throws IOException {
        try (ImageFile file = images.file(name)) {
            action.on(file);
        }
    }

    private <T> T ask(String name, FileQuestion<T> question) throws IOException {
        try (ImageFile file = images.file(name)) {
            return question.of(file);
        }
    }

    private Header header(String name) throws IOException {
        return ask(name, f -> Images.header(f, name));
    }

    private void setRefcount(String name, long cluster, long refcount) throws IOException {
        Header header = header(name);
        Geometry geometry = header.geometry();
        withFile(name, f -> {
            long at = header.refcountTableOffset() + cluster / geometry.refcountsPerBlock() * 8;
            long block = RefcountTableEntry.blockOffset(word(f, at));
            ByteBuffer bytes = ByteBuffer.allocate(geometry.clusterBytes());
            f.read(bytes, block);
            Refcounts.set(bytes, (int) (cluster % geometry.refcountsPerBlock()), geometry.refcountBits(), refcount);
            f.write(bytes.clear(), block);
        });
    }

    private interface EntryChange {
        long of(long entry);
    }

    /** Changes the first standard entry of the first L2 table; returns what it was. */
    private long changeFirstDataEntry(String name, EntryChange change) throws IOException {
        Header header = header(name);
        return ask(name, f -> {
            long l2 = L1Entry.l2Offset(word(f, header.l1Offset()));
            long at = l2;
            while (L2Entry.kind(word(f, at)) != L2Entry.Kind.STANDARD) {
                at += 8;
            }
            long entry = word(f, at);
            f.write(ByteBuffer.allocate(8).putLong(0, change.of(entry)), at);
            return entry;
        });
    }

    private static long word(ImageFile file, long at) throws IOException {
        ByteBuffer word = ByteBuffer.allocate(8);
        file.read(word, at);
        return word.getLong(0);
    }

    private static long bytes(String size) {
        long number = Long.parseLong(size.replaceAll("[kM]", ""));
        return size.endsWith("k") ? number << 10 : size.endsWith("M") ? number << 20 : number;
    }
}
