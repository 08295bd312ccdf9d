package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a killed process began is not forgotten, whoever asks for something else next. */
class RememberedCommitsTest {
    private static final int FIRST_WRITES = 6;

    @TempDir
    Path dir;

    private Path folder;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createDirectory(dir.resolve("images"));
        Files.createDirectory(dir.resolve("state"));
    }

    @Test
    void noOtherCommitGoesIntoARawBaseThatHasNoMark() throws IOException {
        Path base = image("base", "raw", "");
        Path mid = image("mid", "qcow2", "base,raw", "write -P 2 1M 1M");
        Path top = image("top", "qcow2", "mid,qcow2", "write -P 3 1M 1M");
        killed("commit", "-d", mid.toString());

        Answer other = Cli.planish("commit", "-b", base, top);
        Answer elsewhere = Cli.planish("commit", "-b", base, "--pool", dir, top);

        for (Answer answer : List.of(other, elsewhere)) {
            assertThat(answer.exit()).isEqualTo(1);
            assertThat(answer.err()).contains("begun and not finished");
        }
        assertThat(Cli.planish("flatten", "--yes", "--max-depth", "3", folder).exit())
                .isZero();
        assertThat(Cli.planish("commit", "-q", "-b", base, top).exit()).isZero();
        assertReads(base, "raw", "read -P 3 1M 1M");
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw", "qcow2"})
    void aCommitOfAChainInTwoFoldersIsLetGoByItsBaseAlone(String format) throws IOException {
        Path a = Files.createDirectory(folder.resolve("a"));
        Path b = Files.createDirectory(folder.resolve("b"));
        Path base = image("a/base", format, "");
        Path top = image("b/top", "qcow2", "../a/base," + format, "write -P 2 1M 1M", "write -P 2 5M 1M");
        killed("commit", top.toString());
        Qemu.img("commit", "-q", "-d", top);

        Answer letGo = Cli.planish("check", "-r", "mark", base);

        assertThat(letGo.out()).contains("Let go of 1 begun commit");
        Qemu.run("qemu-io", "-f", format, "-c", "write -q -P 7 1M 1M", base);
        Cli.planish("flatten", "--yes", a, b);
        assertReads(base, format, "read -P 7 1M 1M");
    }

    @Test
    void theSameCommandGoesOnWhereTheTargetStandsOnARawFile() throws IOException {
        image("base", "raw", "");
        Path mid = image("mid", "qcow2", "base,raw");
        Path top = image("top", "qcow2", "mid,qcow2", "write -P 3 1M 1M");
        killed("commit", "-d", top.toString());

        Answer again = Cli.planish("commit", "-d", top);

        assertThat(again.exit()).as(again.err()).isZero();
        assertReads(mid, "qcow2", "read -P 3 1M 1M");
        assertThat(remembered()).isEmpty();
    }

    @Test
    void aCommitThatHadEndedButForItsMarkIsDoneAnewByTheSameCommand() throws IOException {
        boolean isEnded = false;
        for (int writes = FIRST_WRITES; !isEnded && writes < 3 * FIRST_WRITES; writes++) {
            Qemu.run("rm", "-rf", folder);
            Files.createDirectory(folder);
            image("base", "qcow2", "");
            Path top = image("top", "qcow2", "base,qcow2", "write -P 3 1M 1M");
            killedAt("pwrite64", writes, "commit", top.toString());
            isEnded =
                    Qemu.run("grep", "-r", "ENDED", folder.resolve(".planish")).exit() == 0;
        }
        assertThat(isEnded).isTrue();

        Answer again = Cli.planish("commit", folder.resolve("top"));

        assertThat(again.exit()).as(again.err()).isZero();
        assertReads(folder.resolve("base"), "qcow2", "read -P 3 1M 1M");
        assertThat(remembered()).isEmpty();
    }

    @Test
    void aPullThatHasSwitchedTheLinkIsForgottenByTheSameCommand() throws IOException {
        image("base", "qcow2", "");
        Path top = image("top", "qcow2", "base,qcow2", "write -P 3 1M 1M");
        killedAt("unlinkat", 4, "pull", top.toString());
        assertThat(remembered()).isNotEmpty();

        assertThat(Cli.planish("pull", top).out()).contains("stands alone already");

        assertThat(remembered()).isEmpty();
        assertReads(top, "qcow2", "read -P 3 1M 1M");
    }

    @Test
    void whereAnotherFileStandsForTheTopTheWayOutIsNamed() throws IOException {
        Path base = image("base", "qcow2", "");
        Path top = image("top", "qcow2", "base,qcow2", "write -P 3 1M 1M");
        killed("commit", top.toString());
        Files.copy(top, folder.resolve("copy"));
        Files.move(folder.resolve("copy"), top, StandardCopyOption.REPLACE_EXISTING);

        Answer again = Cli.planish("commit", top);

        assertThat(again.exit()).isEqualTo(1);
        assertThat(again.err()).contains("put the first one back").contains("check -r mark");
        assertThat(Cli.planish("check", "-r", "mark", base).out()).contains("Let go of 1 begun commit");
        assertThat(Cli.planish("commit", "-d", top).exit()).isZero();
        assertReads(base, "qcow2", "read -P 3 1M 1M");
    }

    @Test
    void aMiddleLayerKeepsItsMarkWhileACommitThroughItIsRemembered() throws IOException {
        Path base = image("base", "raw", "");
        Path mid = image("mid", "qcow2", "base,raw", "write -P 2 1M 1M");
        Path top = image("top", "qcow2", "mid,qcow2", "write -P 3 2M 1M");
        killed("commit", "-b", base.toString(), top.toString());

        Answer refused = Cli.planish("check", "-r", "mark", mid);

        assertThat(refused.exit()).isEqualTo(1);
        assertThat(refused.err()).contains("a commit through it");
        assertThat(Cli.planish("pull", mid).exit()).isEqualTo(1);
        assertThat(Cli.planish("commit", "-b", base, top).exit()).isZero();
        assertReads(base, "raw", "read -P 3 2M 1M");
        assertThat(remembered()).isEmpty();
    }

    @Test
    void foldersOtherThanTheseAreNamedTogether() throws IOException {
        Path inner = Files.createDirectories(folder.resolve("a/inner"));
        Path b = Files.createDirectory(folder.resolve("b"));
        image("b/base", "qcow2", "");
        Path top = image("a/inner/top", "qcow2", "../../b/base,qcow2", "write -P 3 1M 1M");
        killed("commit", top.toString());

        String command = "planish flatten " + inner + " " + b;
        assertThat(Cli.planish("flatten", "--yes", folder.resolve("a"), b).err())
                .contains(command);
        assertThat(Cli.planish("flatten", "--yes", folder).err()).contains(command);
        Answer finished = Cli.planish("flatten", "--yes", inner, b);

        assertThat(finished.exit()).as(finished.err()).isZero();
        assertThat(remembered()).isEmpty();
        assertReads(b.resolve("base"), "qcow2", "read -P 3 1M 1M");
    }

    @ParameterizedTest
    @ValueSource(strings = {"commit", "flatten"})
    void aMarkerThatIsGoneComesBackWithTheIdThatTheCommitKnows(String verb) throws IOException {
        Path base = image("base", "qcow2", "");
        Path top = image("top", "qcow2", "base,qcow2", "write -P 3 1M 1M");
        killed("commit", "-d", top.toString());
        String id = Files.readString(folder.resolve(".planish-pool"));
        Files.delete(folder.resolve(".planish-pool"));

        Answer again = verb.equals("commit")
                ? Cli.planish("commit", "-d", top)
                : Cli.planish("flatten", "--yes", "--max-depth", "2", folder);

        assertThat(again.exit()).as(again.out() + again.err()).isZero();
        assertThat(folder.resolve(".planish-pool")).hasContent(id);
        assertReads(base, "qcow2", "read -P 3 1M 1M");
        assertThat(remembered()).isEmpty();
    }

    @Test
    void nothingIsBegunWhereNoMarkerCanBeMade() throws IOException {
        Path base = image("base", "qcow2", "");
        Path top = image("top", "qcow2", "base,qcow2", "write -P 3 1M 1M");
        byte[] before = Files.readAllBytes(base);

        Qemu.Result first = injected("pwrite64", "error=EIO", 1, "commit", "-d", top.toString());

        assertThat(first.exit()).isEqualTo(1);
        assertThat(first.err()).contains("no pool marker could be made");
        assertThat(Files.readAllBytes(base)).isEqualTo(before);
        assertThat(remembered()).isEmpty();
        assertThat(Cli.planish("commit", "-d", top).exit()).isZero();
        assertReads(base, "qcow2", "read -P 3 1M 1M");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "mid"})
    void whereALayerWasPutOnAnotherBackingFileTheWaysOutAreNamed(String newBacking) throws IOException {
        image("base", "qcow2", "");
        image("mid", "qcow2", "base,qcow2", "write -P 2 1M 1M");
        image("upper", "qcow2", "mid,qcow2", "write -P 3 2M 1M");
        Path top = image("top", "qcow2", "upper,qcow2", "write -P 4 3M 1M");
        killed("commit", "-b", "mid", top.toString());
        Qemu.img("rebase", "-b", newBacking, "-F", "qcow2", top);

        for (Answer answer : List.of(
                Cli.planish("commit", "-b", newBacking.isEmpty() ? "base" : "mid", top),
                Cli.planish("flatten", "--yes", folder))) {
            assertThat(answer.exit()).isEqualTo(1);
            assertReads(top, "qcow2", "read -P 3 2M 1M");
        }
        assertThat(Cli.planish("flatten", "--yes", folder).err())
                .contains("its backing file is " + (newBacking.isEmpty() ? "none" : newBacking))
                .contains("qemu-img rebase -u")
                .contains("planish check -r mark");
        Answer letGo = Cli.planish("check", "-r", "mark", folder.resolve("mid"));
        assertThat(letGo.out()).contains("Let go of 1 begun commit", "right only for what stands on it");

        Answer rest = Cli.planish("flatten", "--yes", folder);
        assertThat(rest.exit()).as(rest.out() + rest.err()).isZero();
        assertReads(top, "qcow2", "read -P 3 2M 1M");
        assertReads(top, "qcow2", "read -P 4 3M 1M");
        assertReads(top, "qcow2", "read -P 2 1M 1M");
    }

    /** @param backing name and format, empty: none */
    private Path image(String name, String format, String backing, String... writes) {
        Path path = folder.resolve(name);
        if (backing.isEmpty()) {
            Qemu.img("create", "-q", "-f", format, path, "8M");
            Qemu.run("qemu-io", "-f", format, "-c", "write -q -P 1 0 8M", path);
        } else {
            String[] link = backing.split(",");
            Qemu.img("create", "-q", "-f", format, "-b", link[0], "-F", link[1], path);
        }
        for (String write : writes) {
            Qemu.run("qemu-io", "-c", write, path);
        }
        return path;
    }

    private void killed(String... verb) {
        killedAt("renameat2", 2, verb); // its intent is in its place, its first checkpoint is not
        assertThat(remembered()).isNotEmpty();
    }

    /** Kills the process at this one of its calls. */
    private void killedAt(String call, int number, String... verb) {
        assertThat(injected(call, "signal=KILL", number, verb).exit()).isNotZero();
    }

    private Qemu.Result injected(String call, String what, int number, String... verb) {
        List<Object> command = new ArrayList<>(List.of("strace", "-f", "-o", "/dev/null", "-e", "trace=" + call));
        command.addAll(List.of("-e", "inject=" + call + ":" + what + ":when=" + number));
        command.addAll(LaunchedCli.command(dir.resolve("state"), verb));
        return Qemu.run(command.toArray());
    }

    private String remembered() {
        return Qemu.run("find", folder, "-name", "*.intent.json").out();
    }

    private static void assertReads(Path image, String format, String read) {
        Qemu.Result result = Qemu.run("qemu-io", "-f", format, "-c", read, image);
        assertThat(result.exit()).isZero();
        assertThat(result.out()).doesNotContain("verification failed");
    }
}
