package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code commit} and {@code rebase} leave behind what {@code qemu-img} leaves behind, where that is right. */
class DropInTest {
    @TempDir
    Path dir;

    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        images = QemuImages.in(dir);
    }

    @Test
    void commitWithoutABasePutsTheTopDownAndEmptiesIt() throws IOException {
        images.remember(images.chain("base <- s1 <- active"));
        Answer answer = Cli.planish("commit", images.path("active"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        assertThat(answer.out()).isEqualTo("Image committed.\n");
        assertThat(images.chainOf("active")).isEqualTo("base <- s1 <- active");
        images.assertUnchangedAndClean("base", "active");
        images.assertSameContent("s1", "active");
        assertThat(dataClusters("active")).isZero();
    }

    @Test
    void commitThatKeepsTheTopLeavesItsDataInPlace() {
        images.remember(images.chain("base <- s1 <- active"));
        long before = dataClusters("active");
        assertThat(Cli.planish("commit", "-d", "-q", images.path("active"))).isEqualTo(new Answer(0, "", ""));
        images.assertUnchangedAndClean("base", "active");
        images.assertSameContent("s1", "active");
        assertThat(dataClusters("active")).isEqualTo(before);
    }

    @Test
    void commitIntoANamedBaseLeavesTheTopValid() {
        images.remember(images.chain("base <- s1 <- s2 <- active"));
        assertThat(Cli.planish("commit", "-b", "base.qcow2", images.path("active"))
                        .exit())
                .isZero();
        assertThat(images.chainOf("active")).isEqualTo("base <- s1 <- s2 <- active");
        images.assertUnchangedAndClean("active");
        images.assertSameContent("base", "active");
    }

    @Test
    void commitOfALayerInTheMiddleKeepsWhatItsOverlayShows() {
        images.remember(images.chain("base <- s1 <- s2 <- active"));
        assertThat(Cli.planish("commit", images.path("s1")).exit()).isZero();
        images.assertUnchangedAndClean("s1", "s2", "active");
        images.assertSameContent("base", "s1");
    }

    @Test
    void commitGrowsAShorterBaseAndLeavesALongerOneAsLong() {
        images.overlay("short", "", "", "1M");
        images.overlay("a", "short", "", "4M");
        images.write("a", "write -P 9 3M 64k");
        images.overlay("long", "", "", "8M");
        images.write("long", "write -P 7 6M 64k");
        images.overlay("b", "long", "", "4M");
        images.write("b", "write -P 9 3M 64k");
        images.remember(List.of("a", "b"));
        assertThat(Cli.planish("commit", images.path("a")).exit()).isZero();
        assertThat(Cli.planish("commit", images.path("b")).exit()).isZero();
        assertThat(images.virtualSize("short")).isEqualTo(4 << 20);
        assertThat(images.virtualSize("long")).isEqualTo(8 << 20);
        images.assertUnchangedAndClean("a", "b");
        images.assertClean("long");
    }

    @Test
    void forcedCommitIntoASharedBaseDoesWhatQemuImgDoes() {
        images.remember(images.chain("base <- [a, b]"));
        assertThat(Cli.planish("commit", "-d", "--force-shared", images.path("a"))
                        .exit())
                .isZero();
        images.assertUnchangedAndClean("a");
        images.assertSameContent("base", "a");
    }

    @Test
    void relativeNamesCountFromTheImagesFolder() throws IOException {
        Path bases = Files.createDirectory(dir.resolve("bases"));
        Qemu.img("create", "-q", "-f", "qcow2", bases.resolve("base.qcow2"), "8M");
        Qemu.io(bases.resolve("base.qcow2"), List.of("write -P 5 1M 1M"));
        Qemu.img("create", "-q", "-f", "qcow2", "-b", "../bases/base.qcow2", "-F", "qcow2", images.path("a"), "8M");
        images.overlay("b", "a", "", "8M");
        images.write("b", "write -P 6 0 64k");
        images.remember(List.of("b"));
        assertThat(Cli.planish("rebase", "-b", "../bases/base.qcow2", "-F", "qcow2", images.path("b"))
                        .exit())
                .isZero();
        assertThat(images.chainOf("b")).isEqualTo("base <- b");
        assertThat(Qemu.img("info", images.path("b"))).contains("backing file: ../bases/base.qcow2");
        images.assertUnchangedAndClean("b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"commit", "pull", "rebase -b ''", "flatten --yes --max-depth 1"})
    void aChainThatIsNamedThroughASymbolicLinkToItsFolderIsFollowed(String verb) throws IOException {
        Path link = Files.createSymbolicLink(dir.resolve("link"), images.folder());
        images.chain("base <- s1 <- active");
        for (String name : List.of("s1", "active")) {
            String backing =
                    link.resolve(name.equals("s1") ? "base.qcow2" : "s1.qcow2").toString();
            Qemu.img("rebase", "-u", "-b", backing, "-F", "qcow2", images.path(name));
        }
        images.remember(List.of("active"));
        List<Object> words = new ArrayList<>();
        for (String word : verb.split(" ")) {
            words.add(word.equals("''") ? "" : word);
        }
        words.add(verb.startsWith("flatten") ? images.folder() : link.resolve("active.qcow2"));

        Answer answer = Cli.planish(words.toArray());

        assertThat(answer.exit()).as(answer.err()).isZero();
        images.assertUnchangedAndClean("active");
        assertThat(images.chainOf("active")).isEqualTo(verb.equals("commit") ? "base <- s1 <- active" : "active");
    }

    @Test
    void unsafeRebaseDoesNotLookAtTheNewFile() {
        images.chain("base <- a");
        assertThat(Cli.planish("rebase", "-u", "-b", "not-there.qcow2", "-F", "qcow2", images.path("a"))
                        .exit())
                .isZero();
        assertThat(Qemu.img("info", images.path("a"))).contains("backing file: not-there.qcow2");
        assertThat(Cli.planish("rebase", "-u", "-b", "", images.path("a")).exit())
                .isZero();
        assertThat(Qemu.img("info", images.path("a"))).doesNotContain("backing file");
        images.assertClean("a");
    }

    @Test
    void rebaseWritesTheNameAsItIsGiven() {
        images.remember(images.chain("base <- s1 <- a"));
        Path base = images.path("base");
        assertThat(Cli.planish("rebase", "-p", "-b", base, "-F", "qcow2", images.path("a"))
                        .exit())
                .isZero();
        assertThat(Qemu.img("info", images.path("a"))).contains("backing file: " + base);
        images.assertUnchangedAndClean("base", "s1", "a");
    }

    @Test
    void aNameThatNamesAProtocolIsRefusedAlthoughAFileIsCalledSo() throws IOException {
        images.remember(images.chain("base <- a"));
        Path odd = images.folder().resolve("a:b");
        Files.copy(images.path("base"), odd);
        Answer rebase = Cli.planish("rebase", "-b", "a:b", "-F", "qcow2", images.path("a"));
        assertThat(rebase.exit()).isEqualTo(1);
        assertThat(rebase.err()).contains("'a:b' names a protocol").contains("'./a:b'");
        assertThat(Cli.planish("rebase", "-b", "./a:b", "-F", "qcow2", images.path("a"))
                        .exit())
                .isZero();
        for (String verb : List.of("commit", "pull")) {
            assertThat(Cli.planish(verb, "-b", "a:b", images.path("a")).err())
                    .contains("did not find 'a:b' in its backing chain");
        }
        images.assertUnchangedAndClean("base", "a");
    }

    @Test
    void rebaseOntoARawImageKeepsTheContent() {
        images.remember(images.chain("base <- a"));
        Qemu.img("create", "-q", "-f", "raw", images.folder().resolve("disk.raw"), "10M");
        Qemu.run(
                "qemu-io",
                "-f",
                "raw",
                "-c",
                "write -P 77 0 10M",
                images.folder().resolve("disk.raw"));
        Answer answer = Cli.planish("rebase", "-b", "disk.raw", "-F", "raw", images.path("a"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        images.assertUnchangedAndClean("base", "a");
    }

    @Test
    void imageInUseIsLeftAlone() throws IOException {
        images.remember(images.chain("base <- s1 <- a"));
        try (Qemu.Guest guest = new Qemu.Guest(images.path("a"))) {
            for (List<Object> words : List.<List<Object>>of(
                    List.of("commit", images.path("a")),
                    List.of("pull", images.path("a")),
                    List.of("rebase", "-b", "base.qcow2", "-F", "qcow2", images.path("a")),
                    List.of("rebase", "-u", "-b", "base.qcow2", "-F", "qcow2", images.path("a")))) {
                Answer answer = Cli.planish(words.toArray());
                assertThat(answer.exit()).isEqualTo(1);
                assertThat(answer.err().lines()).hasSize(1).first().asString().contains("open elsewhere");
            }
        }
        images.assertUnchangedAndClean("base", "s1", "a");
    }

    @Test
    void pullStopsAtTheNamedBaseAndSaysSo() {
        images.remember(images.chain("base <- s1 <- s2 <- a"));
        Answer answer = Cli.planish("pull", "-b", "base.qcow2", images.path("a"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        assertThat(answer.out()).contains("continues at");
        assertThat(images.chainOf("a")).isEqualTo("base <- a");
        images.assertUnchangedAndClean("base", "s1", "s2", "a");
    }

    private long dataClusters(String name) {
        return Qemu.json(Qemu.img("check", "--output=json", images.path(name)))
                .path("allocated-clusters")
                .asLong();
    }
}
