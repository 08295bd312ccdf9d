package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code info}, {@code map} and {@code check} answer as {@code qemu-img} does. */
class ReadingVerbsTest {
    private static final long CLUSTER = 65536;

    @TempDir
    Path dir;

    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        images = QemuImages.in(dir);
    }

    @Test
    void infoOfAChainIsThatOfQemuImg() {
        images.chain("base <- s1");
        images.overlay("s2", "s1", "cluster_size=4k,compat=0.10", "5M");
        assertSameAnswer("info", "--backing-chain", images.path("s2"));
        assertSameJson("info", "--backing-chain", "--output=json", images.path("s2"));
    }

    @Test
    void infoOfOneImageIsThatOfQemuImg() {
        images.overlay("a", "", "refcount_bits=1,compression_type=zstd,lazy_refcounts=on", "1536M");
        assertSameAnswer("info", images.path("a"));
        assertSameJson("info", "--output=json", images.path("a"));
    }

    @Test
    void infoListsSnapshotsAndBitmapsAsQemuImgDoes() {
        images.chain("base <- s1");
        Qemu.img("snapshot", "-c", "before the upgrade", images.path("s1"));
        Qemu.img("snapshot", "-c", "after", images.path("s1"));
        Qemu.img("bitmap", "--add", images.path("s1"), "backup");
        Qemu.img("bitmap", "--add", "--disable", "-g", "4096", images.path("s1"), "old");
        assertSameAnswer("info", images.path("s1"));
        assertSameJson("info", "--output=json", images.path("s1"));
    }

    @Test
    void anEncryptedImageIsSaidToBe() {
        Qemu.img(
                "create",
                "-q",
                "--object",
                "secret,id=key,data=open",
                "-f",
                "qcow2",
                "-o",
                "encrypt.format=aes,encrypt.key-secret=key",
                images.path("a"),
                "4M");

        assertThat(Cli.planish("info", images.path("a")).out()).contains("encrypted: yes");
        assertThat(Qemu.json(Cli.planish("info", "--json", images.path("a")).out())
                        .path("encrypted")
                        .asBoolean())
                .isTrue();
        assertThat(Cli.planish("commit", images.path("a")).exit()).isEqualTo(1);
    }

    @Test
    void mapOfAChainIsThatOfQemuImg() {
        images.overlay("base", "", "", "4M");
        images.write("base", "write -P 1 0 1M", "write -z 256k 64k");
        images.overlay("s1", "base", "cluster_size=4k", "4M");
        images.write("s1", "write -P 2 1020k 64k", "write -z 128k 12k", "write -P 3 3M 4k");
        images.overlay("s2", "s1", "compat=0.10", "5M");
        images.write("s2", "write -P 4 2M 128k");
        assertSameAnswer("map", images.path("s2"));
        assertSameJson("map", "--output=json", images.path("s2"));
    }

    @Test
    void mapOfAChainOverRawIsThatOfQemuImg() {
        Qemu.img("create", "-q", "-f", "raw", dir.resolve("images/base.raw"), "4M");
        Qemu.run("qemu-io", "-f", "raw", "-c", "write -P 7 1M 1M", dir.resolve("images/base.raw"));
        Qemu.img("create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", images.path("a"), "6M");
        images.write("a", "write -P 8 1536k 1M", "write -z 0 128k");
        assertSameJson("map", "--output=json", images.path("a"));
    }

    @Test
    void mapOfCompressedClustersIsThatOfQemuImg() {
        images.overlay("a", "", "", "4M");
        images.write("a", "write -c -P 3 64k 64k", "write -P 4 1M 128k");
        assertSameJson("map", "--output=json", images.path("a"));
    }

    @Test
    void checkOfASoundImageIsThatOfQemuImg() {
        images.overlay("a", "", "cluster_size=4k", "4M");
        images.write("a", "write -c -P 3 64k 4k", "write -P 4 1M 128k", "write -P 5 900k 64k", "discard 1M 8k");
        assertSameAnswer("check", images.path("a"));
        assertSameJson("check", "--output=json", images.path("a"));
    }

    @Test
    void leakedClustersExitAsWithQemuImgAndAreGivenBack() throws IOException {
        images.chain("a");
        leakOneCluster("a");
        Qemu.Result theirs = Qemu.run("qemu-img", "check", images.path("a"));
        Answer ours = Cli.planish("check", images.path("a"));
        assertThat(ours.exit()).isEqualTo(theirs.exit()).isEqualTo(3);
        assertThat(ours.out()).contains("1 leaked clusters were found on the image.");
        assertThat(Cli.planish("check", "-r", "leaks", images.path("a")).exit()).isZero();
        images.assertClean("a");
    }

    @Test
    void errorsExitAsWithQemuImg() throws IOException {
        images.chain("a");
        try (RandomAccessFile file = new RandomAccessFile(images.path("a").toFile(), "rw")) {
            file.seek(2 * CLUSTER);
            file.writeShort(0);
        }
        assertThat(Qemu.run("qemu-img", "check", images.path("a")).exit()).isEqualTo(2);
        Answer ours = Cli.planish("check", images.path("a"));
        assertThat(ours.exit()).isEqualTo(2);
        assertThat(ours.out()).contains("errors were found on the image.");
    }

    /** @param field where the header has the offset of its L1 table, refcount table or snapshots */
    @ParameterizedTest
    @ValueSource(ints = {40, 48, 64})
    void tablesPastTheFilesEndAreErrorsAsWithQemuImg(int field) throws IOException {
        images.chain("a");
        Qemu.img("snapshot", "-c", "one", images.path("a"));
        try (RandomAccessFile file = new RandomAccessFile(images.path("a").toFile(), "rw")) {
            file.seek(field);
            file.writeLong(1L << 30);
        }
        byte[] before = images.bytes("a");
        Qemu.Result theirs = Qemu.run("qemu-img", "check", images.path("a"));

        for (Answer ours : List.of(
                Cli.planish("check", images.path("a")), Cli.planish("check", "-r", "leaks", images.path("a")))) {
            assertThat(ours.exit()).isEqualTo(theirs.exit()).isEqualTo(2);
            assertThat(ours.out()).contains("ends beyond the file's", "1 errors were found on the image.");
        }
        assertThat(images.bytes("a")).isEqualTo(before);
    }

    @Test
    void checkOfAnImageThatIsOpenElsewhereFails() throws IOException {
        images.chain("a");
        try (Qemu.Guest guest = new Qemu.Guest(images.path("a"))) {
            Answer answer = Cli.planish("check", images.path("a"));
            assertThat(answer.exit()).isEqualTo(1);
            assertThat(answer.err().lines()).hasSize(1).first().asString().contains("open elsewhere");
            assertThat(Cli.planish("check", "-U", images.path("a")).exit()).isZero();
        }
    }

    /** Appends a cluster and gives it a refcount: the first refcount block stands in cluster 2 of a new image. */
    private void leakOneCluster(String name) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(images.path(name).toFile(), "rw")) {
            long clusters = (file.length() + CLUSTER - 1) / CLUSTER;
            file.setLength((clusters + 1) * CLUSTER);
            file.seek(2 * CLUSTER + clusters * 2);
            file.writeShort(1);
        }
    }

    @Test
    void everyKindOfImageIsToldAsQemuImgTellsIt() throws IOException {
        images.overlay("v2", "", "compat=0.10", "3M");
        images.write("v2", "write -P 1 100k 70k", "write -c -P 2 1M 64k", "discard 128k 64k");
        images.overlay("full", "", "preallocation=full,lazy_refcounts=on", "1M");
        images.overlay("metadata", "v2", "cluster_size=4k", "4M");
        images.write("metadata", "write -P 3 0 9k", "write -z 1M 90k", "write -z -u 1200k 30k", "write -c -P 4 2M 8k");
        images.overlay("prealloc", "", "preallocation=metadata", "1M");
        images.write("prealloc", "write -P 5 300k 3k");
        images.overlay("over", images.path("metadata").toString().replace(".qcow2", ""), "compression_type=zstd", "5M");
        images.write("over", "write -c -P 6 0 64k", "write -P 7 4100k 64k");
        Qemu.img("snapshot", "-c", "one", images.path("over"));
        images.write("over", "write -P 8 64k 64k");
        Qemu.img("bitmap", "--add", images.path("over"), "two");
        Path raw = dir.resolve("images/disk.raw");
        try (RandomAccessFile file = new RandomAccessFile(raw.toFile(), "rw")) {
            file.setLength(1_000_001);
        }
        Qemu.run("qemu-io", "-f", "raw", "-c", "write -P 9 256k 100k", raw);
        for (String name : new String[] {"v2", "full", "metadata", "prealloc", "over"}) {
            assertSameAnswer("check", images.path(name));
            assertSameJson("check", "--output=json", "-U", "-f", "qcow2", images.path(name));
            assertSameToldAndMapped(images.path(name));
        }
        assertSameToldAndMapped(raw);
        assertSameJson("map", "--output=json", "-f", "raw", images.path("v2"));
        assertSameJson("map", "--output=json", "--start-offset=65536", "--max-length=100000", images.path("over"));
        assertSameJson("map", "--output=json", "--start-offset=6291456", images.path("over"));
        assertSameJson("map", "--output=json", "-s", "64k", "-l", "1.5M", images.path("over"));
    }

    private static void assertSameToldAndMapped(Path image) {
        assertSameAnswer("info", image);
        assertSameJson("info", "--output=json", "-U", image);
        assertSameJson("info", "--output=json", "--backing-chain", image);
        assertSameJson("map", "--output=json", image);
        if (Qemu.run("qemu-img", "map", image).exit() == 0) { // it gives up where clusters are compressed
            assertSameAnswer("map", image);
        }
    }

    @Test
    void halvesAreRoundedAsQemuImgDoes() {
        images.overlay("half", "", "", "287232");
        images.overlay("part", "", "", "2M");
        images.write("part", "write -P 1 0 64k");
        assertSameAnswer("info", images.path("half"));
        assertSameAnswer("check", images.path("part"));
    }

    @Test
    void whatCannotBeCheckedOrRepairedIsSaidByTheExitCode() throws IOException {
        images.chain("a");
        Path raw = Files.writeString(dir.resolve("images/text"), "no image");
        for (Object[] words : new Object[][] {
            {"check", raw},
            {"check", "-f", "raw", images.path("a")},
            {"check", "-r", "bogus", images.path("a")},
            {"check", "-q", images.path("a")},
            {"check", images.path("gone")}
        }) {
            Answer ours = Cli.planish(words);
            Object[] command = new Object[words.length + 1];
            command[0] = "qemu-img";
            System.arraycopy(words, 0, command, 1, words.length);
            assertThat(ours.exit()).as(ours.err()).isEqualTo(Qemu.run(command).exit());
            assertThat(ours.err().lines()).hasSize(ours.exit() == 0 ? 0 : 1);
            assertThat(ours.out()).isEmpty();
        }
        Answer all = Cli.planish("check", "-r", "all", images.path("a"));
        assertThat(all.exit()).isEqualTo(1);
        assertThat(all.err()).contains("'all' is not repaired");
    }

    @Test
    void chainThatLoopsIsRefused() {
        images.chain("a <- b");
        Qemu.img("rebase", "-u", "-f", "qcow2", "-b", "b.qcow2", "-F", "qcow2", images.path("a"));
        Answer answer = Cli.planish("info", "--backing-chain", images.path("b"));
        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err().lines()).hasSize(1).first().asString().contains("its own backing file");
    }

    @Test
    void unequalAnswersWouldBeNoticed() {
        images.chain("base <- s1");
        assertThatThrownBy(
                        () -> assertThat(Cli.planish("info", images.path("s1")).out())
                                .isEqualTo(Qemu.img("info", images.path("base"))))
                .isInstanceOf(AssertionError.class);
    }

    private static void assertSameAnswer(Object... words) {
        Answer answer = Cli.planish(words);
        assertThat(answer.err()).isEmpty();
        assertThat(answer.exit()).isZero();
        assertThat(answer.out()).isEqualTo(Qemu.img(words));
    }

    private static void assertSameJson(Object... words) {
        Answer answer = Cli.planish(words);
        assertThat(answer.err()).isEmpty();
        assertThat(withoutNews(Qemu.json(answer.out()))).isEqualTo(withoutNews(Qemu.json(Qemu.img(words))));
    }

    /** What newer versions of {@code qemu-img} also tell. */
    private static JsonNode withoutNews(JsonNode answer) {
        answer.forEach(entry -> {
            if (entry instanceof ObjectNode object) {
                object.remove("compressed");
                object.remove("children");
            }
        });
        if (answer instanceof ObjectNode object) {
            object.remove("children");
        }
        return answer;
    }
}
