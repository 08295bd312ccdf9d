package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Raw files take what is committed into them, and give what is pulled from them, as with {@code qemu-img}. */
class RawTargetsTest {
    @TempDir
    Path dir;

    private QemuImages images;
    private Path raw;

    @BeforeEach
    void makeFolder() throws IOException {
        images = QemuImages.in(dir);
        raw = images.folder().resolve("base.raw");
    }

    private void rawBase(long sizeBytes, String... commands) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(raw.toFile(), "rw")) {
            file.setLength(sizeBytes);
        }
        for (String command : commands) {
            Qemu.run("qemu-io", "-f", "raw", "-c", command, raw);
        }
    }

    private void overRaw(String name, String size, String... commands) {
        Qemu.img("create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", images.path(name), size);
        images.write(name, commands);
    }

    private void assertRawShows(String remembered) {
        Qemu.Result compared = Qemu.run(
                "qemu-img",
                "compare",
                "-f",
                "raw",
                "-F",
                "raw",
                raw,
                dir.resolve("m").resolve(remembered + ".raw"));
        assertThat(compared.exit()).as(compared.out() + compared.err()).isZero();
    }

    @Test
    void commitPutsDataAndZeroesDownAndEmptiesTheTop() throws IOException {
        rawBase(4 << 20, "write -P 1 0 4M");
        overRaw("a", "4M", "write -P 2 100k 300k", "write -z 1M 1M", "write -c -P 3 3M 64k");
        images.remember(List.of("a"));
        Answer answer = Cli.planish("commit", images.path("a"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        assertThat(answer.out()).isEqualTo("Image committed.\n");
        assertRawShows("a");
        images.assertUnchangedAndClean("a");
        assertThat(Qemu.json(Qemu.img("check", "--output=json", images.path("a")))
                        .has("allocated-clusters"))
                .isFalse();
        assertThat(Files.size(raw)).isEqualTo(4 << 20);
        assertThat(allocatedBytes(raw)).isLessThanOrEqualTo(3 << 20);
    }

    @Test
    void commitGrowsAShorterRawFileOfAnOddLength() throws IOException {
        rawBase(1_000_001, "write -P 1 0 900k");
        overRaw("a", "3M", "write -P 2 970k 20k", "write -P 3 2M 4k");
        images.remember(List.of("a"));
        assertThat(Cli.planish("commit", "-d", images.path("a")).exit()).isZero();
        assertThat(Files.size(raw)).isEqualTo(3 << 20);
        assertRawShows("a");
        images.assertUnchangedAndClean("a");
    }

    @Test
    void commitLeavesALongerRawFileAsLong() throws IOException {
        rawBase(4 << 20, "write -P 1 0 4M");
        overRaw("a", "2M", "write -P 2 1M 1M");
        images.remember(List.of("a"));
        assertThat(Cli.planish("commit", images.path("a")).exit()).isZero();
        assertThat(Files.size(raw)).isEqualTo(4 << 20);
        images.assertUnchangedAndClean("a");
    }

    @Test
    void commitOfSeveralLayersGoesAllTheWayDown() throws IOException {
        rawBase(2 << 20, "write -P 1 0 2M");
        overRaw("s1", "3M", "write -P 2 1M 1M");
        images.overlay("a", "s1", "cluster_size=4k", "3M");
        images.write("a", "write -P 3 1028k 9k", "write -z 20k 70k");
        images.remember(List.of("a"));
        Answer answer = Cli.planish("commit", "-b", "base.raw", images.path("a"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        assertRawShows("a");
        images.assertUnchangedAndClean("a");
    }

    @Test
    void rebaseToNothingTakesAllFromTheRawFile() throws IOException {
        rawBase(2 << 20, "write -P 1 64k 300k");
        overRaw("a", "3M", "write -P 2 1M 70k");
        images.remember(List.of("a"));
        Answer answer = Cli.planish("rebase", "-b", "", images.path("a"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        Files.delete(raw);
        images.assertUnchangedAndClean("a");
    }

    @Test
    void layersAreMergedDownIntoARawFileUnderItsName() throws IOException {
        rawBase(4 << 20, "write -P 1 0 4M");
        overRaw("s1", "3M", "write -P 2 1M 1M");
        images.overlay("a", "s1", "", "4M");
        images.write("a", "write -P 3 100k 9k");
        images.remember(List.of("a"));
        Merges merges = Merges.in(images, dir);
        JobResult result = merges.run(merges.intoRaw("base.raw", "s1"));
        assertThat(result.outcome()).isEqualTo(new Outcome.Done());
        assertThat(images.exists("s1")).isFalse();
        assertThat(Qemu.img("info", images.path("a"))).contains("backing file: base.raw", "backing file format: raw");
        assertThat(Files.size(raw)).isEqualTo(3 << 20);
        images.assertUnchangedAndClean("a");
    }

    @Test
    void aRawFileThatLooksLikeAnImageIsRefusedInsteadOfGuessed() throws IOException {
        rawBase(2 << 20, "write -P 1 0 2M");
        overRaw("a", "2M", "write -P 2 1M 70k");
        try (RandomAccessFile file = new RandomAccessFile(raw.toFile(), "rw")) {
            file.write(new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3});
        }
        images.remember(List.of("a"));
        Answer answer = Cli.planish("commit", images.path("a"));
        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err().lines()).hasSize(1).first().asString().contains("is recorded as raw");
        images.assertUnchangedAndClean("a");
    }

    private static long allocatedBytes(Path file) {
        return Qemu.json(Qemu.img("info", "--output=json", "-f", "raw", file))
                .path("actual-size")
                .asLong();
    }
}
