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
        List<Object> command = new ArrayList<>(List.of("strace", "-f", "-o", "/dev/null", "-e", "trace=pwrite64"));
        command.addAll(List.of("-e", "inject=pwrite64:signal=KILL:when=" + FIRST_WRITES));
        command.addAll(LaunchedCli.command(dir.resolve("state"), verb));
        assertThat(Qemu.run(command.toArray()).exit()).isNotZero();
        assertThat(Qemu.run("find", folder, "-name", "*.intent.json").out()).isNotEmpty();
    }

    private static void assertReads(Path image, String format, String read) {
        Qemu.Result result = Qemu.run("qemu-io", "-f", format, "-c", read, image);
        assertThat(result.exit()).isZero();
        assertThat(result.out()).doesNotContain("verification failed");
    }
}
