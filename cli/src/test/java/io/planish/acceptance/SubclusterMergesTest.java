package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Targets with subclusters are merged subcluster by subcluster: into what they have where that is free, whole where it must be. */
class SubclusterMergesTest {
    private static final String EXTENDED = "extended_l2=on";

    @TempDir
    Path dir;

    private QemuImages images;
    private Merges merges;

    @BeforeEach
    void makeFolders() throws IOException {
        images = QemuImages.in(dir);
        merges = Merges.in(images, dir);
    }

    @ParameterizedTest
    @CsvSource({
        "'extended_l2=on', 'extended_l2=on,cluster_size=16k', 2048",
        "'extended_l2=on,cluster_size=16k', 'cluster_size=512', 512",
        "'cluster_size=4k', 'extended_l2=on', 2048",
        "'extended_l2=on,cluster_size=2M', 'extended_l2=on,compression_type=zstd', 4096",
        "'compat=0.10', 'extended_l2=on,cluster_size=32k', 1024"
    })
    void scatteredSmallWritesEndWhereGuestsSeeThem(String even, String odd, int unit) throws IOException {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        for (String target : List.of("base", "s1", "s2", "active")) {
            QemuImages chain = scattered(target, even, odd, unit, seed);
            chain.remember(List.of("active"));
            Merges merges = merges(chain);
            JobResult result = merges.run(merges.merge("", target, "active"));
            assertThat(result.outcome()).as("seed %s, into %s", seed, target).isEqualTo(new Outcome.Done());
            chain.assertUnchangedAndClean("active");
            assertThat(chain.chainOf("active")).isEqualTo("active");
        }
    }

    @Test
    void aCommitWritesChangedSubclustersInPlaceAndNothingElse() throws IOException {
        images.overlay("base", "", EXTENDED, "4M");
        images.write("base", "write -P 1 0 1M");
        images.overlay("active", "base", EXTENDED, "4M");
        images.write("active", "write -P 2 6k 2k", "write -P 2 130k 2k", "write -P 2 512k 64k");
        images.remember(List.of("active"));
        JsonNode before = extents("base");
        JobResult result = done("", "base", "active");
        assertThat(result.bytesCopied()).isEqualTo((2 + 2 + 64) << 10);
        assertThat(extents("active")).isEqualTo(before);
        images.assertUnchangedAndClean("active");
    }

    @Test
    void aPullFillsTheHolesOfItsOwnClustersAndLeavesItsOwnDataWhereItIs() throws IOException {
        images.overlay("base", "", "", "4M");
        images.write("base", "write -P 1 0 1M");
        images.overlay("active", "base", EXTENDED, "4M");
        images.write("active", "write -P 2 6k 2k", "write -P 2 130k 2k", "write -z 192k 4k");
        images.remember(List.of("active", "base"));
        long hostOfFirst = offsetAt("active", 6 << 10);
        byte[] base = images.bytes("base");
        done("", "active", "active");
        assertThat(offsetAt("active", 6 << 10)).isEqualTo(hostOfFirst);
        assertThat(offsetAt("active", 0))
                .as("what was missing of the first cluster stands before its data")
                .isEqualTo(hostOfFirst - (6 << 10));
        assertThat(clusters("active")).as("16 clusters of data").isEqualTo(16);
        assertThat(images.bytes("base")).isEqualTo(base);
        images.assertUnchangedAndClean("active");
    }

    @Test
    void whatASnapshotHoldsIsCopiedBeforeAPartOfItIsWritten() throws IOException {
        images.overlay("base", "", EXTENDED, "4M");
        images.write("base", "write -P 1 0 200k", "write -c -P 9 1M 64k", "write -z 2M 20k");
        images.remember(List.of("base"));
        Qemu.img("snapshot", "-c", "kept", images.path("base"));
        images.overlay("active", "base", "cluster_size=4k", "4M");
        images.write("active", "write -P 2 8k 4k", "write -z 72k 8k", "write -P 3 1028k 4k", "write -P 4 2M 4k");
        Qemu.img("convert", "-O", "raw", images.path("active"), dir.resolve("active.raw"));
        Answer answer = Cli.planish("commit", "-d", images.path("active"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        assertSame("base", dir.resolve("active.raw"));
        images.assertClean("base");
        Qemu.img("snapshot", "-a", "kept", images.path("base"));
        images.assertUnchangedAndClean("base");
    }

    @Test
    void aCompressedClusterIsInflatedWhereAPartOfItChangesElseCopiedAsItIs() throws IOException {
        images.overlay("base", "", EXTENDED, "4M");
        images.write("base", "write -c -P 1 0 64k", "write -c -P 2 64k 64k", "write -c -P 3 128k 64k");
        images.overlay("active", "base", EXTENDED, "4M");
        images.write("active", "write -c -P 4 1M 64k", "write -P 5 66k 2k", "write -z 130k 2k");
        images.remember(List.of("active"));
        done("", "base", "active");
        images.assertUnchangedAndClean("active");
        assertThat(checked("active", "compressed-clusters")).isEqualTo(2);
        assertThat(clusters("active")).isEqualTo(4);
    }

    @Test
    void aClusterIsGivenBackWhenTheLastOfItIsZero() throws IOException {
        images.overlay("base", "", EXTENDED, "4M");
        images.write("base", "write -P 1 0 256k");
        images.overlay("active", "base", EXTENDED, "4M");
        images.write("active", "write -z 0 64k", "write -z 64k 62k", "write -z 128k 128k");
        images.remember(List.of("active"));
        done("", "base", "active");
        images.assertUnchangedAndClean("active");
        assertThat(clusters("active")).isEqualTo(1);
    }

    @Test
    void preallocatedOverlaysLetTheBackingFileThrough() throws IOException {
        images.overlay("base", "", "", "4M");
        images.write("base", "write -P 1 0 1M", "write -P 1 3M 64k");
        images.overlay("s1", "base", EXTENDED + ",preallocation=metadata", "4M");
        images.write("s1", "write -P 2 10k 2k");
        images.overlay("active", "s1", EXTENDED + ",preallocation=falloc", "4M");
        images.write("active", "write -P 3 500k 2k", "write -z 900k 10k");
        images.remember(List.of("base", "s1", "active"));
        done("base", "active", "active");
        images.assertUnchangedAndClean("base", "active");
        done("", "active", "active");
        images.assertUnchangedAndClean("base", "active");
        assertThat(images.chainOf("active")).isEqualTo("active");
    }

    @Test
    void aDiskThatGrowsShowsNothingThatStoodBehindItsEnd() throws IOException {
        images.overlay("deep", "", "", "4M");
        images.write("deep", "write -P 1 0 4M");
        images.overlay("base", "deep", EXTENDED, "4M");
        images.write("base", "write -P 2 0 130k", "write -c -P 3 192k 64k", "write -P 3 256k 64k");
        Qemu.img("resize", "-q", "--shrink", images.path("base"), "200192");
        images.overlay("active", "base", "", "4M");
        images.write("active", "write -P 4 1M 4k");
        images.remember(List.of("active"));
        done("deep", "base", "active");
        images.assertUnchangedAndClean("active");
    }

    @Test
    void consecutiveClustersAreOneRunInTheFile() throws IOException {
        images.overlay("base", "", EXTENDED, "8M");
        images.overlay("active", "base", EXTENDED, "8M");
        images.write("active", "write -P 4 10k 3M");
        done("", "base", "active");
        List<Long> lengths = new ArrayList<>();
        extents("active").forEach(extent -> {
            if (extent.path("data").asBoolean()) {
                lengths.add(extent.path("length").asLong());
            }
        });
        assertThat(lengths).containsExactly(3L << 20);
        images.assertClean("active");
    }

    @Test
    void thePlannedBytesAreThoseWritten() throws IOException {
        QemuImages chain = scattered("planned", EXTENDED, EXTENDED, 2048, 42);
        chain.remember(List.of("active"));
        Answer answer = Cli.planish("flatten", "--yes", "--max-depth", "1", chain.folder());
        assertThat(answer.exit()).as(answer.err()).isZero();
        Matcher planned = Pattern.compile("writes (\\d[^,]*)").matcher(answer.out());
        assertThat(planned.find()).isTrue();
        assertThat(answer.out())
                .contains("1 of 1 jobs done, " + planned.group(1).strip() + " written");
        chain.assertUnchangedAndClean("active");
    }

    private JobResult done(String base, String target, String top) throws IOException {
        JobResult result = merges.run(merges.merge(base, target, top));
        assertThat(result.outcome()).isEqualTo(new Outcome.Done());
        return result;
    }

    private Merges merges(QemuImages chain) throws IOException {
        return new Merges(chain.folder(), Files.createDirectory(chain.folder().resolveSibling("state")));
    }

    private JsonNode extents(String name) {
        return Qemu.json(Qemu.img("map", "--output=json", images.path(name)));
    }

    /** Where the byte at a guest offset stands in the image's own file. */
    private long offsetAt(String name, long guestOffset) {
        for (JsonNode extent : extents(name)) {
            long start = extent.path("start").asLong();
            if (guestOffset >= start
                    && guestOffset < start + extent.path("length").asLong()) {
                assertThat(extent.path("depth").asInt()).isZero();
                return extent.path("offset").asLong() + guestOffset - start;
            }
        }
        throw new AssertionError("nothing at " + guestOffset);
    }

    private long clusters(String name) {
        return checked(name, "allocated-clusters");
    }

    private long checked(String name, String what) {
        return Qemu.json(Qemu.img("check", "--output=json", images.path(name)))
                .path(what)
                .asLong();
    }

    private void assertSame(String name, Path raw) {
        Qemu.Result compared = Qemu.run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", images.path(name), raw);
        assertThat(compared.exit()).as(compared.out() + compared.err()).isZero();
    }

    /** A chain of four in a folder of its own, written in small units all over the place. */
    private QemuImages scattered(String name, String even, String odd, int unit, long seed) throws IOException {
        Random random = new Random(seed);
        QemuImages chain = new QemuImages(
                Files.createDirectories(dir.resolve(name).resolve("images")),
                Files.createDirectories(dir.resolve(name).resolve("m")));
        List<String> names = List.of("base", "s1", "s2", "active");
        for (int i = 0; i < names.size(); i++) {
            chain.overlay(names.get(i), i == 0 ? "" : names.get(i - 1), i % 2 == 0 ? even : odd, "3M");
            List<String> writes = new ArrayList<>();
            for (int j = 0; j < 60; j++) {
                long at = random.nextLong((3 << 20) / unit - 8) * unit;
                String where = " " + at + " " + (1 + random.nextInt(8)) * unit;
                writes.add(
                        random.nextInt(4) == 0 ? "write -z" + where : "write -P " + (1 + random.nextInt(255)) + where);
            }
            chain.write(names.get(i), writes.toArray(String[]::new));
        }
        return chain;
    }
}
