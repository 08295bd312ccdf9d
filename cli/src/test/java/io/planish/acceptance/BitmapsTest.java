package io.planish.acceptance;

import static io.planish.acceptance.DirtyBitmaps.ranges;
import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of persistent bitmaps, made, filled and read back by QEMU's tools. */
class BitmapsTest {
    private static final String AUTO = "65536 [\"auto\"]";
    private static final String DISABLED = "65536 []";

    @TempDir
    Path dir;

    private QemuImages images;
    private Merges merges;

    @BeforeEach
    void makeFolders() throws IOException {
        images = QemuImages.in(dir);
        merges = Merges.in(images, dir);
    }

    @Test
    void aLeafsBitmapsArriveInTheTargetThatTakesItsPlace() throws IOException {
        image("base", "", "");
        image("s1", "base", "");
        image("active", "s1", "cluster_size=4k");
        images.write("s1", "write -P 1 1M 64k");
        add("active", "daily", "-g", "64k");
        add("active", "fine", "-g", "512");
        images.write("active", "write -P 2 2M 70k", "write -z 5M 512");
        Qemu.img("bitmap", "--add", "--disable", "-g", "4096", "--merge", "fine", images.path("active"), "frozen");
        images.write("active", "write -P 3 3M 1k");
        images.remember(List.of("active"));

        done(merges.merge("", "base", "active"));

        assertThat(DirtyBitmaps.of(images.path("active")))
                .isEqualTo(Map.of("daily", AUTO, "fine", "512 [\"auto\"]", "frozen", "4096 []"));
        assertBits("active", "daily", "2M+128k 3M+64k 5M+64k");
        assertBits("active", "fine", "2M+70k 3M+1k 5M+512");
        assertBits("active", "frozen", "2M+72k 5M+4k");
        images.assertUnchangedAndClean("active");
        images.write("active", "write -P 9 7M 64k");
        assertBits("active", "daily", "2M+128k 3M+64k 5M+64k 7M+64k");
        images.assertClean("active");
    }

    @Test
    void theTargetsOwnEnabledBitmapsSeeWhatTheCommitChanges() throws IOException {
        image("base", "", "");
        add("base", "own");
        add("base", "both");
        add("base", "old");
        images.write("base", "write -P 1 0 64k");
        Qemu.img("bitmap", "--disable", images.path("base"), "old");
        image("s1", "base", "");
        image("s2", "s1", "cluster_size=4k");
        image("active", "s2", "");
        images.write("s1", "write -P 2 1M 64k", "write -z 2M 64k");
        add("s2", "both", "-g", "64k");
        add("s2", "later", "-g", "64k");
        images.write("s2", "write -P 3 3M 64k", "write -z 4M 4k");
        images.remember(List.of("active"));

        done(merges.merge("", "base", "s2"));

        assertThat(DirtyBitmaps.of(images.path("base")))
                .isEqualTo(Map.of("own", AUTO, "both", AUTO, "old", DISABLED, "later", AUTO));
        assertBits("base", "own", "0+64k 1M+64k 2M+64k 3M+64k 4M+64k");
        assertBits("base", "both", "0+64k 1M+64k 2M+64k 3M+64k 4M+64k");
        assertBits("base", "old", "0+64k");
        assertBits("base", "later", "3M+64k 4M+64k");
        assertThat(images.chainOf("active")).isEqualTo("base <- active");
        images.assertUnchangedAndClean("active");
        images.assertClean("base");
    }

    @Test
    void anEnabledBitmapOfALayerBetweenSeesWhatComesFromAboveIt() throws IOException {
        image("base", "", "");
        image("s1", "base", "");
        add("s1", "between");
        images.write("s1", "write -P 2 1M 64k");
        image("active", "s1", "");
        images.write("active", "write -P 3 3M 64k");
        images.remember(List.of("active"));

        done(merges.merge("", "base", "active"));

        assertBits("active", "between", "1M+64k 3M+64k");
        images.assertUnchangedAndClean("active");
    }

    @Test
    void dropInCommitBringsTheTopsBitmapsDownAndKeepsThemInTheTop() throws IOException {
        image("base", "", "");
        add("base", "b");
        Qemu.img("bitmap", "--disable", images.path("base"), "b");
        image("active", "base", "");
        add("active", "b");
        add("active", "a");
        images.write("active", "write -P 3 3M 64k");
        images.remember(List.of("active"));

        assertCommits("commit", images.path("active"));

        assertThat(DirtyBitmaps.of(images.path("base"))).isEqualTo(Map.of("a", AUTO, "b", DISABLED));
        assertThat(DirtyBitmaps.of(images.path("active"))).isEqualTo(Map.of("a", AUTO, "b", AUTO));
        for (String name : List.of("base", "active")) {
            assertBits(name, "a", "3M+64k");
            assertBits(name, "b", "3M+64k");
        }
        images.assertUnchangedAndClean("active");
        images.assertSameContent("base", "active");
        images.assertClean("base");
    }

    @Test
    void bitmapsGrowWithTheDisk() throws IOException {
        image("base", "", "", "1M");
        add("base", "own");
        add("base", "old", "--disable");
        image("active", "base", "", "4M");
        add("active", "top");
        images.write("active", "write -P 3 3M 64k");
        Qemu.img("bitmap", "--add", "--disable", "--merge", "top", images.path("active"), "past");
        images.remember(List.of("active"));

        assertCommits("commit", "-d", images.path("active"));

        assertThat(images.virtualSize("base")).isEqualTo(4 << 20);
        assertBits("base", "own", "1M+3M");
        assertBits("base", "old", "");
        assertBits("base", "top", "1M+3M");
        assertBits("base", "past", "3M+64k");
        images.assertUnchangedAndClean("active");
        images.assertSameContent("base", "active");
        images.assertClean("base");
        images.write("base", "write -P 1 2M 64k");
        images.assertClean("base");
    }

    @Test
    void bitmapsShrinkWithTheDisk() throws IOException {
        image("base", "", "cluster_size=512", "8M");
        add("base", "own", "-g", "512");
        add("base", "ones", "-g", "512");
        images.write("base", "write -P 1 0 8M");
        image("active", "base", "", "3M");
        images.write("active", "write -P 3 1M 64k");
        images.remember(List.of("active"));

        done(merges.merge("", "base", "active"));

        assertThat(images.virtualSize("active")).isEqualTo(3 << 20);
        assertBits("active", "own", "0+3M");
        images.assertUnchangedAndClean("active");
        images.write("active", "write -P 1 2M 64k");
        images.assertClean("active");
    }

    @Test
    void bitmapsOfOneNameHaveTheGranularityOfTheImageWhoseNameStays() throws IOException {
        List<String> granularities = List.of("512", "64k", "2M");
        int coarse = 0;
        for (String below : granularities) {
            for (String top : granularities) {
                String base = "base" + coarse;
                String s1 = "s" + coarse;
                String active = "active" + coarse++;
                image(base, "", "cluster_size=512", "8M");
                add(base, "x", "-g", below);
                images.write(base, "write -P 1 1M 1k", "write -P 1 5M 70k");
                Qemu.img("bitmap", "--disable", images.path(base), "x");
                image(s1, base, "cluster_size=4k", "8M");
                add(s1, "x", "-g", "1k");
                images.write(s1, "write -P 2 3M 4k");
                image(active, s1, "", "8M");
                add(active, "x", "-g", top);
                images.write(active, "write -P 3 7M 64k");
                BitSet parts = DirtyBitmaps.dirty(images.path(base), "x");
                parts.or(DirtyBitmaps.dirty(images.path(s1), "x"));
                parts.or(DirtyBitmaps.dirty(images.path(active), "x"));
                Path copies = Files.createDirectory(images.folder().resolve("copies" + coarse));
                for (String copy : List.of(base, s1, active)) {
                    Files.copy(images.path(copy), copies.resolve(copy + ".qcow2"));
                }

                assertCommits("commit", "-b", copies.resolve(base + ".qcow2"), copies.resolve(active + ".qcow2"));
                done(merges.merge("", base, active));

                assertGranularity(copies.resolve(base + ".qcow2"), parts, below);
                assertGranularity(images.path(active), parts, top);
                images.assertClean(active);
            }
        }
    }

    /** Bitmap x tells of all of {@code parts}, and of no unit of its granularity without any of them. */
    private static void assertGranularity(Path image, BitSet parts, String granularity) {
        int bytes = Integer.parseInt(granularity.replaceAll("[kM]", ""))
                * (granularity.endsWith("k") ? 1 << 10 : granularity.endsWith("M") ? 1 << 20 : 1);
        BitSet expected = new BitSet();
        for (int bit = parts.nextSetBit(0); bit >= 0; bit = parts.nextSetBit(bit + 1)) {
            int unit = bit * DirtyBitmaps.UNIT / bytes;
            expected.set(unit * bytes / DirtyBitmaps.UNIT, Math.ceilDiv((unit + 1) * bytes, DirtyBitmaps.UNIT));
        }
        assertThat(DirtyBitmaps.of(image).get("x")).startsWith(bytes + " ");
        assertThat(DirtyBitmaps.dirty(image, "x")).isEqualTo(expected);
    }

    @Test
    void manyBitmapsOfAllShapesGoThroughTinyClusters() throws IOException {
        image("base", "", "cluster_size=512", "8M");
        image("active", "base", "cluster_size=512", "8M");
        for (int i = 0; i < 40; i++) {
            add("active", "bitmap-" + "n".repeat(i) + i, "-g", String.valueOf(512 << (i % 8)));
        }
        images.write("active", "write -P 1 0 3M", "write -P 2 5M 512");
        images.remember(List.of("active"));

        done(merges.merge("", "base", "active"));

        assertThat(DirtyBitmaps.of(images.path("active"))).hasSize(40);
        assertBits("active", "bitmap-0", "0+3M 5M+512");
        assertBits("active", "bitmap-" + "n".repeat(39) + "39", "0+3M 5M+64k");
        images.assertUnchangedAndClean("active");
    }

    @Test
    void pullAndRebaseLeaveBitmapsAsTheyAre() throws IOException {
        image("base", "", "");
        images.write("base", "write -P 1 0 2M");
        image("s1", "base", "");
        add("s1", "below");
        images.write("s1", "write -P 2 1M 64k");
        image("active", "s1", "");
        add("active", "daily");
        add("active", "old");
        images.write("active", "write -P 3 3M 64k");
        Qemu.img("bitmap", "--disable", images.path("active"), "old");
        Map<String, String> before = DirtyBitmaps.of(images.path("active"));
        assertThat(before).isEqualTo(Map.of("daily", AUTO, "old", DISABLED));
        images.remember(List.of("base", "s1", "active"));

        done(merges.merge("base", "active", "active"));
        assertThat(DirtyBitmaps.of(images.path("active"))).isEqualTo(before);
        assertBits("active", "daily", "3M+64k");
        Answer answer = Cli.planish("rebase", "-b", "", images.path("active"));
        assertThat(answer.exit()).as(answer.err()).isZero();

        assertThat(DirtyBitmaps.of(images.path("active"))).isEqualTo(before);
        assertBits("active", "daily", "3M+64k");
        assertBits("s1", "below", "1M+64k");
        images.assertUnchangedAndClean("base", "s1", "active");
    }

    @Test
    void whatCannotBeCarriedOverIsRefusedByNameAndNothingIsTouched() throws IOException {
        image("base", "", "");
        image("old", "", "compat=0.10");
        image("active", "base", "");
        add("active", "daily");
        DirtyBitmaps.crash(images.path("active"));
        assertRefused("base", "active", "'daily' was not saved correctly");

        Qemu.img("bitmap", "--remove", images.path("active"), "daily");
        add("active", "daily");
        setFlags("active", "daily", 0x102);
        assertRefused("base", "active", "'daily' has unknown flags 0x102");
        setFlags("active", "daily", 2);

        image("above", "old", "");
        add("above", "weekly");
        byte[] below = images.bytes("old");
        assertThat(Outcomes.message(merges.run(merges.merge("", "old", "above")).outcome()))
                .contains("images/old.qcow2", "cannot hold persistent bitmaps");
        assertThat(images.bytes("old")).isEqualTo(below);
    }

    @ParameterizedTest
    @ValueSource(strings = {"old", "raw", "empty"})
    void dropInCommitIntoABaseThatCannotHoldBitmapsLeavesThemWithTheTop(String base) throws IOException {
        image("old", "", "compat=0.10");
        image("empty", "", "", "0");
        Path raw = images.folder().resolve("raw");
        Files.write(raw, new byte[4 << 20]);
        Path active = images.path("active");
        String below = base.equals("raw") ? raw.toString() : images.path(base).toString();
        Qemu.img("create", "-q", "-f", "qcow2", "-b", below, "-F", base.equals("raw") ? "raw" : "qcow2", active, "4M");
        add("active", "daily");
        images.write("active", "write -P 3 3M 64k");
        images.remember(List.of("active"));

        assertCommits("commit", active);

        assertBits("active", "daily", "3M+64k");
        images.assertUnchangedAndClean("active");
    }

    @Test
    void flattenCommitsChainsWithBitmapsAndPullsWhereOneIsInconsistent() throws IOException {
        image("base", "", "");
        images.write("base", "write -P 1 0 4M");
        image("active", "base", "");
        add("active", "daily");
        images.write("active", "write -P 3 3M 64k");
        Path other = Files.createDirectory(images.folder().resolve("other"));
        Files.copy(images.path("base"), other.resolve("base.qcow2"));
        Files.copy(images.path("active"), other.resolve("active.qcow2"));
        images.remember(List.of("active"));
        DirtyBitmaps.crash(other.resolve("active.qcow2"));

        Answer answer = Cli.planish("flatten", images.folder(), "--yes", "--max-depth", "1");

        assertThat(answer.exit()).as(answer.out() + answer.err()).isZero();
        assertThat(images.chainOf("active")).isEqualTo("active");
        assertThat(images.exists("base"))
                .as("committed, so the base took the leaf's name")
                .isFalse();
        assertBits("active", "daily", "3M+64k");
        images.assertUnchangedAndClean("active");
        assertThat(DirtyBitmaps.of(other.resolve("active.qcow2")))
                .as("pulled")
                .isEqualTo(Map.of("daily", "65536 [\"in-use\",\"auto\"]"));
        assertThat(Qemu.img("info", "-f", "qcow2", other.resolve("active.qcow2")))
                .doesNotContain("backing file:");
    }

    private void image(String name, String backing, String options) {
        image(name, backing, options, QemuImages.SIZE);
    }

    private void image(String name, String backing, String options, String size) {
        images.overlay(name, backing, options, size);
    }

    private void add(String image, String bitmap, String... options) {
        Object[] command = new Object[options.length + 4];
        command[0] = "bitmap";
        command[1] = "--add";
        System.arraycopy(options, 0, command, 2, options.length);
        command[command.length - 2] = images.path(image);
        command[command.length - 1] = bitmap;
        Qemu.img(command);
    }

    private void assertBits(String image, String bitmap, String expected) {
        BitSet found = DirtyBitmaps.dirty(images.path(image), bitmap);
        assertThat(found).as(image + ": " + bitmap).isEqualTo(ranges(expected));
    }

    private void assertRefused(String base, String active, String why) throws IOException {
        byte[] below = images.bytes(base);
        byte[] above = images.bytes(active);
        Answer answer = Cli.planish("commit", images.path(active));
        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err()).contains(why);
        assertThat(images.bytes(base)).isEqualTo(below);
        assertThat(images.bytes(active)).isEqualTo(above);
    }

    private static void assertCommits(Object... words) {
        Answer answer = Cli.planish(words);
        assertThat(answer.exit()).as(answer.err()).isZero();
    }

    private JobResult done(Job job) {
        JobResult result = merges.run(job);
        assertThat(result.outcome()).isEqualTo(new Outcome.Done());
        return result;
    }

    /** In the entry of the image's bitmap directory that has this name. */
    private void setFlags(String image, String bitmap, int flags) throws IOException {
        byte[] bytes = images.bytes(image);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int nameAt = text.indexOf(bitmap);
        try (RandomAccessFile file = new RandomAccessFile(images.path(image).toFile(), "rw")) {
            file.seek(nameAt - 24 + 12);
            file.writeInt(flags);
        }
    }
}
