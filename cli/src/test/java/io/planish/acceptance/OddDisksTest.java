package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Disks that end within a sector or a cluster, have no bytes at all, or more than could ever be written. */
class OddDisksTest {
    @TempDir
    Path dir;

    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        images = QemuImages.in(dir);
    }

    @ParameterizedTest
    @CsvSource({"1", "511", "513", "70123", "65537"})
    void aRawBaseEndsWithTheSectorItsFileEndsIn(int bytes) throws IOException {
        byte[] content = new byte[bytes];
        Arrays.fill(content, (byte) 'a');
        Files.write(images.folder().resolve("base.raw"), content);
        Qemu.img("create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", images.path("same"));
        Qemu.img("create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", images.path("longer"), "200k");
        images.write("longer", "write -P 3 0 512");
        images.remember(List.of("same", "longer"));
        assertMapAsQemu("same");
        assertMapAsQemu("longer");
        planish("pull", images.path("same"));
        planish("rebase", "-b", "", images.path("longer"));
        images.assertUnchangedAndClean("same", "longer");
        assertThat(Files.readAllBytes(images.folder().resolve("base.raw"))).isEqualTo(content);
    }

    @ParameterizedTest
    @CsvSource({"70123, 200k", "70123, 69120", "511, 1024"})
    void aRawBaseOfOddLengthTakesACommit(int bytes, String size) throws IOException {
        byte[] content = new byte[bytes];
        Arrays.fill(content, (byte) 'a');
        Path base = images.folder().resolve("base.raw");
        Files.write(base, content);
        Qemu.img("create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", images.path("active"), size);
        images.write("active", "write -P 3 0 512");
        Path expected = dir.resolve("expected");
        Qemu.img("convert", "-O", "raw", images.path("active"), expected);
        planish("commit", "-d", images.path("active"));
        Path committed = dir.resolve("committed");
        Qemu.img("convert", "-f", "raw", "-O", "raw", base, committed);
        byte[] shown = Files.readAllBytes(expected);
        assertThat(Arrays.copyOf(Files.readAllBytes(committed), shown.length)).isEqualTo(shown);
        images.assertClean("active");
    }

    @ParameterizedTest
    @CsvSource({"''", "extended_l2=on", "compat=0.10"})
    void aDiskWhoseSizeIsNoWholeNumberOfSectorsEndsBeforeThePartOfOne(String options) throws IOException {
        images.overlay("base", "", options, "1M");
        images.write("base", "write -P 1 900k 124k");
        images.overlay("s1", "base", options, "1M");
        images.write("s1", "write -P 2 1000k 24k");
        images.overlay("active", "s1", options, "1M");
        setVirtualSize("base", 1_048_500);
        setVirtualSize("s1", 1_047_700);
        setVirtualSize("active", 1_048_333);
        Path expected = dir.resolve("expected");
        Qemu.img("convert", "-O", "raw", images.path("active"), expected);
        assertThat(Files.size(expected)).isEqualTo(1_048_333 / 512 * 512);
        assertMapAsQemu("active");
        planish("flatten", "--yes", "--max-depth", "1", images.folder());
        Qemu.Result compared =
                Qemu.run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", images.path("active"), expected);
        assertThat(compared.exit()).as(compared.out() + compared.err()).isZero();
        assertThat(compared.out()).doesNotContain("size mismatch");
        images.assertClean("active");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1M, 1M",
        "1M, 0, 1M",
        "1M, 1M, 0",
        "0, 0, 0",
        "0, 0, 1M",
        "1M, 0, 0",
        "513k, 511k, 512k",
        "3k, 1M, 100k"
    })
    void disksWithoutBytesMayStandAnywhere(String base, String middle, String top) throws IOException {
        for (String options : List.of("", "extended_l2=on", "compat=0.10")) {
            for (List<Object> verb : List.<List<Object>>of(
                    List.of("pull"),
                    List.of("rebase", "-b", ""),
                    List.of("commit", "-d", "-b", "base.qcow2"),
                    List.of("flatten", "--yes", "--max-depth", "1"))) {
                String name = options + " " + verb;
                Path folder = Files.createDirectory(dir.resolve(name.replaceAll("[^a-z0-9]", "_")));
                QemuImages chain = new QemuImages(folder, dir.resolve("m"));
                chain.overlay("base", "", options, base);
                chain.overlay("middle", "base", options, middle);
                chain.overlay("active", "middle", options, top);
                for (String image : List.of("base", "middle", "active")) {
                    if (chain.virtualSize(image) > 0) {
                        chain.write(image, "write -P 5 " + (chain.virtualSize(image) - 512) + " 512");
                    }
                }
                chain.remember(List.of("active"));
                assertMapAsQemu(chain, "active");
                List<Object> words = new ArrayList<>(verb);
                words.add(verb.contains("flatten") ? folder : chain.path("active"));
                planish(words.toArray());
                String result = verb.contains("commit") ? "base" : "active";
                chain.assertClean(result);
                if (chain.virtualSize(result) == chain.virtualSize("active") || !verb.contains("commit")) {
                    chain.assertSameContent(result, "active");
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "60T, cluster_size=64k, extended_l2=on, cluster_size=2M",
        "512T, 'cluster_size=2M,extended_l2=on', cluster_size=2M, 'cluster_size=1M,extended_l2=on'"
    })
    @Timeout(value = 2, unit = TimeUnit.MINUTES)
    void hugeDisksCostWhatIsInThem(String size, String base, String middle, String top) throws IOException {
        for (List<Object> verb : List.<List<Object>>of(
                List.of("pull", "active"),
                List.of("commit", "-d", "-b", "base.qcow2", "active"),
                List.of("flatten", "--yes", "--max-depth", "2", "folder"),
                List.of("flatten", "--yes", "--max-depth", "1", "folder"))) {
            Path folder =
                    Files.createDirectory(dir.resolve("huge" + verb.toString().replaceAll("[^a-z0-9]", "_")));
            QemuImages chain = new QemuImages(folder, dir.resolve("m"));
            chain.overlay("base", "", base, "1G");
            Qemu.img("resize", "-q", "-f", "qcow2", chain.path("base"), size);
            chain.overlay("middle", "base", middle, size);
            chain.overlay("active", "middle", top, size);
            chain.write("base", "write -P 1 0 300k", "write -P 1 7T 300k", "write -P 1 59T 3M");
            chain.write("middle", "write -P 2 60k 70k", "write -z 8T 3M", "write -P 2 60415G 70k");
            chain.write("active", "write -P 3 1k 1k", "write -P 3 7167G 2k", "write -P 3 60416G 9k");
            String[] seen = {
                "read -P 1 0 1k", "read -P 3 1k 1k", "read -P 2 60k 70k", "read -P 1 130k 170k", "read -P 0 300k 2M",
                "read -P 3 7167G 2k", "read -P 1 7T 300k", "read -P 0 8T 3M", "read -P 2 60415G 70k",
                        "read -P 3 59T 9k",
                "read -P 1 64871186048000 1M", "read -P 0 50T 1M"
            };
            chain.write("active", seen);
            if (verb.contains("pull")) {
                assertMapAsQemu(chain, "active");
            }
            planish(verb.stream()
                    .map(word -> word.equals("active") ? chain.path("active") : word.equals("folder") ? folder : word)
                    .toArray());
            String result = verb.contains("commit") ? "base" : "active";
            chain.write(result, seen);
            chain.assertClean(result);
        }
    }

    @Test
    void aDiskThatGrowsToManyTebibytesGetsATableForIt() {
        images.overlay("base", "", "", "1G");
        images.write("base", "write -P 1 0 1M");
        images.overlay("active", "base", "extended_l2=on", "60T");
        images.write("active", "write -P 2 59T 1M", "write -P 3 512k 1k");
        planish("commit", "-d", images.path("active"));
        images.write("base", "read -P 1 0 512k", "read -P 3 512k 1k", "read -P 2 59T 1M", "read -P 0 58T 1M");
        images.assertClean("base");
    }

    private void setVirtualSize(String name, long bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(images.path(name).toFile(), "rw")) {
            file.seek(24);
            file.writeLong(bytes);
        }
    }

    private static void planish(Object... words) {
        Answer answer = Cli.planish(words);
        assertThat(answer.exit())
                .as("%s: %s", Arrays.toString(words), answer.err())
                .isZero();
    }

    private void assertMapAsQemu(String name) {
        assertMapAsQemu(images, name);
    }

    /** Where a file has holes can change while the kernel still writes it out, so that is awaited first. */
    private static void assertMapAsQemu(QemuImages chain, String name) {
        Qemu.run("sync", "-f", chain.folder());
        Answer ours = Cli.planish("map", "--output=json", chain.path(name));
        assertThat(ours.exit()).as(ours.err()).isZero();
        assertThat(Qemu.json(ours.out())).isEqualTo(Qemu.json(Qemu.img("map", "--output=json", chain.path(name))));
    }
}
