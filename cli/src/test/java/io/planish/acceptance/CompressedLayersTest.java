package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code qemu-img convert -c} has compressed stays so where source and target agree, and is inflated where they do not. */
class CompressedLayersTest {
    private static final int DISK_BYTES = 4 << 20;

    @TempDir
    Path dir;

    private QemuImages images;
    private Merges merges;
    private final Random random = new Random(7);

    @BeforeEach
    void makeFolders() throws IOException {
        images = QemuImages.in(dir);
        merges = Merges.in(images, dir);
    }

    @ParameterizedTest
    @CsvSource({
        "'cluster_size=512,compat=0.10', base",
        "'cluster_size=512,compression_type=zstd,refcount_bits=1', base",
        "'cluster_size=512,refcount_bits=64', active",
        "'cluster_size=4k,compression_type=zstd', base",
        "'cluster_size=4k,refcount_bits=2', active",
        "'cluster_size=64k,compat=0.10', active",
        "'cluster_size=64k', base",
        "'cluster_size=64k,refcount_bits=1', s1",
        "'cluster_size=64k,compression_type=zstd', s1",
        "'cluster_size=64k,compression_type=zstd,refcount_bits=4', active",
        "'cluster_size=2M', active",
        "'cluster_size=2M,compression_type=zstd,refcount_bits=8', base"
    })
    void whatAgreesStaysCompressedAndAsSmall(String options, String target) throws IOException {
        compressedChain(List.of(options));
        images.remember(List.of("active"));
        long before = 0;
        for (String name : List.of("base", "s1", "active")) {
            before += Files.size(images.path(name));
        }

        assertThat(merges.run(merges.merge("", target, "active")).outcome()).isEqualTo(new Outcome.Done());

        images.assertUnchangedAndClean("active");
        assertThat(images.chainOf("active")).isEqualTo("active");
        long clusterBytes = Qemu.json(Qemu.img("info", "--output=json", images.path("active")))
                .path("cluster-size")
                .asLong();
        assertThat(compressedClusters("active"))
                .as("no cluster was inflated")
                .isEqualTo(allocatedClusters("active"))
                .isPositive();
        assertThat(Files.size(images.path("active"))).isLessThanOrEqualTo(before + 2 * clusterBytes);
    }

    @Test
    void mergedAgainAndAgainStreamsDoNotGrow() throws IOException {
        compressedChain(List.of("cluster_size=4k"));
        images.remember(List.of("active"));
        List<Long> sizes = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            String name = "next" + i;
            String below = i == 0 ? "active" : "next" + (i - 1);
            images.overlay(name, below, "cluster_size=4k", String.valueOf(DISK_BYTES));
            assertThat(merges.run(merges.merge("", name, name)).outcome()).isEqualTo(new Outcome.Done());
            images.assertSameContent(name, "active");
            images.assertClean(name);
            sizes.add(Files.size(images.path(name)));
        }
        assertThat(sizes.getLast()).isEqualTo(sizes.getFirst());
    }

    @ParameterizedTest
    @ValueSource(strings = {"base", "s1", "active"})
    void whatDisagreesIsInflated(String target) throws IOException {
        compressedChain(List.of("cluster_size=64k", "cluster_size=64k,compression_type=zstd", "cluster_size=4k"));
        images.remember(List.of("active"));

        assertThat(merges.run(merges.merge("", target, "active")).outcome()).isEqualTo(new Outcome.Done());

        images.assertUnchangedAndClean("active");
        assertThat(compressedClusters("active")).isBetween(1L, allocatedClusters("active") - 1);
    }

    @Test
    void compressedAndPlainClustersReplaceEachOtherWithoutALeak() throws IOException {
        compressedChain(List.of("cluster_size=16k"));
        images.write("base", "write -P 3 200k 300k", "write -z 2M 100k");
        images.write("s1", "write -P 4 0 133k", "write -P 5 634k 1k");
        images.overlay("top", "active", "cluster_size=16k", String.valueOf(DISK_BYTES));
        images.write("top", "write -P 6 1M 90k", "write -P 7 1700k 500k");
        images.remember(List.of("top"));

        assertThat(merges.run(merges.merge("", "base", "top")).outcome()).isEqualTo(new Outcome.Done());

        images.assertUnchangedAndClean("top");
    }

    @ParameterizedTest
    @ValueSource(strings = {"zlib", "zstd"})
    void whatASnapshotOfTheBaseHoldsCompressedStays(String type) throws IOException {
        compressedChain(List.of("cluster_size=16k,refcount_bits=8,compression_type=" + type));
        Qemu.img("snapshot", "-c", "kept", images.path("base"));
        images.write("base", "write -P 3 200k 100k");
        Qemu.img("convert", "-l", "kept", "-O", "raw", images.path("base"), dir.resolve("kept.raw"));
        images.remember(List.of("active"));

        Answer answer = Cli.planish("commit", "-d", "-b", "base.qcow2", images.path("active"));

        assertThat(answer.exit()).as(answer.err()).isZero();
        images.assertUnchangedAndClean("active");
        images.assertSameContent("base", "active");
        images.assertClean("base");
        Qemu.img("convert", "-l", "kept", "-O", "raw", images.path("base"), dir.resolve("after.raw"));
        assertThat(Files.mismatch(dir.resolve("kept.raw"), dir.resolve("after.raw")))
                .isEqualTo(-1);
        Qemu.img("snapshot", "-d", "kept", images.path("base"));
        images.assertClean("base");
    }

    @Test
    void aSafeRebaseCopiesCompressedClustersAsTheyAre() throws IOException {
        compressedChain(List.of("cluster_size=64k,compression_type=zstd"));
        images.remember(List.of("active"));

        Answer answer = Cli.planish("rebase", "-b", "", images.path("active"));

        assertThat(answer.exit()).as(answer.err()).isZero();
        images.assertUnchangedAndClean("active");
        assertThat(compressedClusters("active")).isEqualTo(allocatedClusters("active"));
    }

    @Test
    void aDamagedStreamIsAsUnreadableAfterwardsAndNothingElseIs() throws IOException {
        compressedChain(List.of("cluster_size=64k"));
        byte[] base = images.bytes("base");
        Arrays.fill(base, base.length * 2 / 3, base.length * 2 / 3 + 40_000, (byte) 0xFF);
        Files.write(images.path("base"), base);
        byte[] readable = readable("active");

        Outcome outcome = merges.run(merges.merge("", "active", "active")).outcome();

        assertThat(outcome).isEqualTo(new Outcome.Done());
        assertThat(readable("active")).isEqualTo(readable);
        assertThat(Qemu.run("qemu-img", "convert", "-O", "raw", images.path("active"), dir.resolve("all"))
                        .exit())
                .isNotZero();
        images.assertClean("active");
    }

    private byte[] readable(String name) throws IOException {
        Path raw = dir.resolve("readable");
        Qemu.run("qemu-img", "convert", "--salvage", "-O", "raw", images.path(name), raw);
        return Files.readAllBytes(raw);
    }

    /** base <- s1 <- active, all of it compressed. */
    private void compressedChain(List<String> options) throws IOException {
        String backing = "";
        int layer = 0;
        for (String name : List.of("base", "s1", "active")) {
            String option = options.get(layer % options.size());
            images.overlay(name, backing, option, String.valueOf(DISK_BYTES));
            text(name, layer * (512 << 10), 768 << 10);
            text(name, (2 << 20) + layer * (128 << 10), 192 << 10);
            compress(name, backing, option);
            backing = name;
            layer++;
        }
    }

    /** Writes something that shrinks, each cluster in another way, to a third and less. */
    private void text(String name, long offset, int lengthBytes) throws IOException {
        byte[] bytes = new byte[lengthBytes];
        for (int at = 0; at < lengthBytes; at += 512) {
            int letters = 1 + random.nextInt(5);
            for (int i = at; i < at + 512; i++) {
                bytes[i] = (byte) ('a' + random.nextInt(letters));
            }
        }
        Path pattern = dir.resolve("pattern");
        Files.write(pattern, bytes);
        images.write(name, "write -s " + pattern + " " + offset + " " + lengthBytes);
    }

    private void compress(String name, String backing, String options) throws IOException {
        Path result = dir.resolve("compressed.qcow2");
        List<Object> command = new ArrayList<>(List.of("convert", "-c", "-f", "qcow2", "-O", "qcow2", "-o", options));
        if (!backing.isEmpty()) {
            command.addAll(List.of("-B", images.path(backing), "-F", "qcow2"));
        }
        command.addAll(List.of(images.path(name), result));
        Qemu.img(command.toArray());
        if (!backing.isEmpty()) {
            Qemu.img("rebase", "-u", "-b", backing + ".qcow2", "-F", "qcow2", "-f", "qcow2", result);
        }
        Files.move(result, images.path(name), StandardCopyOption.REPLACE_EXISTING);
    }

    private long compressedClusters(String name) {
        return checked(name, "compressed-clusters");
    }

    private long allocatedClusters(String name) {
        return checked(name, "allocated-clusters");
    }

    private long checked(String name, String field) {
        return Qemu.json(Qemu.img("check", "--output=json", "-f", "qcow2", images.path(name)))
                .path(field)
                .asLong();
    }
}
