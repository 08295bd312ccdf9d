package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code commit} looks for overlays of whatever it would change, in the folders of the chain and where it is told to, and nowhere else. */
class OtherOverlaysTest {
    private static final int BYSTANDERS = 5_000;

    @TempDir
    Path dir;

    private Path folder;
    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createDirectory(dir.resolve("images"));
        images = new QemuImages(folder, Files.createDirectory(dir.resolve("m")));
    }

    private static Path overlay(Path path, String backing) {
        Qemu.img("create", "-q", "-f", "qcow2", "-b", backing, "-F", "qcow2", path, "8M");
        return path;
    }

    private static void assertRefused(Answer answer, String... names) {
        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.out()).isEmpty();
        assertThat(answer.err().lines()).hasSize(1);
        assertThat(answer.err()).contains("what other overlays show").contains(names);
    }

    @Test
    void overlaysOfAnyLayerThatChangesAreNamedHoweverTheyNameIt() throws IOException {
        images.remember(images.chain("base <- s1 <- active"));
        overlay(folder.resolve("relative.qcow2"), "base.qcow2");
        overlay(folder.resolve("absolute.qcow2"), images.path("s1").toString());
        Files.createSymbolicLink(folder.resolve("alias.qcow2"), Path.of("s1.qcow2"));
        overlay(folder.resolve("symlinked.qcow2"), "alias.qcow2");
        images.remember(List.of("relative", "absolute", "symlinked"));

        Answer refused = Cli.planish("commit", "-b", "base.qcow2", images.path("active"));

        assertRefused(refused, "images/relative.qcow2", "images/absolute.qcow2", "images/symlinked.qcow2");
        images.assertUnchangedAndClean("base", "s1", "active", "relative", "absolute", "symlinked");
    }

    @Test
    void anOverlayIsSeenWhicheverWayItTakesToTheBase() throws IOException {
        images.remember(images.chain("base <- s1 <- active"));
        Path base = images.path("base");
        Path elsewhere = Files.createDirectory(dir.resolve("elsewhere"));
        Files.createSymbolicLink(elsewhere.resolve("lnk"), folder);
        Files.createSymbolicLink(elsewhere.resolve("golden"), base);
        for (String name : List.of(
                elsewhere.resolve("lnk/base.qcow2").toString(),
                "../elsewhere/lnk/base.qcow2",
                elsewhere.resolve("golden").toString(),
                "/proc/self/root" + base,
                "json:{'driver':'qcow2','file':{'driver':'file','filename':'" + base + "'}}")) {
            Path other = overlay(folder.resolve("other.qcow2"), name);
            assertRefused(Cli.planish("commit", "-b", "base.qcow2", images.path("active")), "images/other.qcow2");
            Files.delete(other);
        }
        Path qed = folder.resolve("other.qed");
        Qemu.img("create", "-q", "-f", "qed", "-b", "base.qcow2", "-F", "qcow2", qed);
        assertRefused(Cli.planish("commit", "-b", "base.qcow2", images.path("active")), "images/other.qed");
        Files.delete(qed);
        Qemu.img("create", "-q", "-f", "qcow2", "-u", "-b", "base.qcow2", "-F", "qcow2", elsewhere.resolve("o"), "8M");
        Files.createSymbolicLink(folder.resolve("o"), elsewhere.resolve("o"));
        assertRefused(Cli.planish("commit", "-b", "base.qcow2", images.path("active")), "images/o");
        images.assertUnchangedAndClean("base", "s1", "active");
    }

    @Test
    void flattenKeepsWhatIsNeededByAWayThatItDoesNotFollow() throws IOException {
        images.remember(images.chain("base <- s1 <- active"));
        Files.createSymbolicLink(dir.resolve("lnk"), folder);
        overlay(folder.resolve("linked.qcow2"), dir.resolve("lnk/base.qcow2").toString());
        Qemu.img("create", "-q", "-f", "qed", "-b", "s1.qcow2", "-F", "qcow2", folder.resolve("other.qed"));
        images.remember(List.of("linked"));

        Cli.planish("flatten", folder, "--yes", "--max-depth", "1");

        assertThat(images.path("s1")).as("the QED image's backing file").exists();
        images.assertUnchangedAndClean("base", "s1", "active", "linked");
    }

    @Test
    void overlaysOfWhatStaysAsItIsAreNoReason() {
        images.remember(images.chain("base <- s1 <- active"));
        overlay(folder.resolve("other.qcow2"), "base.qcow2");
        overlay(folder.resolve("snapshot.qcow2"), "active.qcow2");
        images.remember(List.of("other", "snapshot"));
        Answer answer = Cli.planish("commit", images.path("active"));
        assertThat(answer.exit()).as(answer.err()).isZero();
        images.assertUnchangedAndClean("base", "active", "other", "snapshot");
    }

    @Test
    void forceSharedGoesAheadAndNamesWhatIsLost() {
        images.remember(images.chain("base <- [a, b]"));
        Answer answer = Cli.planish("commit", "-d", "--force-shared", images.path("a"));
        assertThat(answer.exit()).isZero();
        assertThat(answer.out()).isEqualTo("Image committed.\n");
        assertThat(answer.err().lines()).hasSize(1);
        assertThat(answer.err()).contains("warning").contains("images/b.qcow2");
        images.assertUnchangedAndClean("a");
    }

    @Test
    void foldersElsewhereAreLookedThroughWhenTheyAreNamed() throws IOException {
        images.remember(images.chain("base <- active"));
        Path elsewhere = Files.createDirectories(dir.resolve("elsewhere/deep"));
        overlay(elsewhere.resolve("far.qcow2"), images.path("base").toString());
        Path inside = Files.createDirectories(folder.resolve("sub/deep"));
        overlay(inside.resolve("near.qcow2"), "../../base.qcow2");

        assertRefused(
                Cli.planish("commit", "--pool", dir.resolve("elsewhere"), images.path("active")),
                "elsewhere/deep/far.qcow2");
        assertRefused(
                Cli.planish("commit", "--pool", folder.resolve("sub"), images.path("active")),
                "images/sub/deep/near.qcow2");
        images.assertUnchangedAndClean("base", "active");
    }

    @Test
    void aSymbolicLinkToAFolderElsewhereMayHideOverlays() throws IOException {
        images.remember(images.chain("base <- active"));
        Path pool = Files.createDirectory(dir.resolve("pool"));
        Path far = Files.createDirectory(dir.resolve("far"));
        Path other = overlay(far.resolve("other.qcow2"), images.path("base").toString());
        Files.createSymbolicLink(pool.resolve("link"), far);
        Files.createSymbolicLink(folder.resolve("link"), far);

        Answer commit = Cli.planish("commit", "--pool", pool, images.path("active"));
        assertThat(commit.exit()).isEqualTo(1);
        assertThat(commit.err()).contains("link is a symbolic link to a folder that is not looked into");
        Answer flatten = Cli.planish("flatten", folder, "--yes", "--max-depth", "1");
        assertThat(flatten.out()).contains("link is a symbolic link to a folder that is not looked into");
        assertThat(images.path("base"))
                .as("needed by an overlay that nobody saw")
                .exists();

        images.assertUnchangedAndClean("base", "active");
        assertThat(Qemu.run("qemu-img", "compare", other, images.path("base")).exit())
                .isZero();
    }

    @Test
    void thousandsOfOtherFilesCostOneShortLookEach() throws IOException {
        images.remember(images.chain("base <- active"));
        Qemu.img("create", "-q", "-f", "qcow2", "-o", "cluster_size=512", dir.resolve("small.qcow2"), "1M");
        byte[] image = Files.readAllBytes(dir.resolve("small.qcow2"));
        byte[] text = "no image at all".getBytes(StandardCharsets.UTF_8);
        Path deeper = Files.createDirectory(folder.resolve("deeper"));
        for (int i = 0; i < BYSTANDERS; i++) {
            Files.write(folder.resolve("other" + i), i % 2 == 0 ? image : text);
        }
        Files.write(deeper.resolve("unseen"), image);
        Path trace = dir.resolve("trace");
        List<Object> command =
                new ArrayList<>(List.of("strace", "-f", "--seccomp-bpf", "-y", "-e", "openat2,pread64", "-o", trace));
        command.addAll(LaunchedCli.command(
                Files.createDirectory(dir.resolve("state")),
                "commit",
                images.path("active").toString()));

        Qemu.Result result = Qemu.run(command.toArray());

        assertThat(result.exit()).as(result.err()).isZero();
        images.assertUnchangedAndClean("active");
        List<String> calls = Files.readAllLines(trace);
        long opens = calls.stream()
                .filter(call -> call.contains("openat2(") && call.contains("/images/other"))
                .count();
        long reads = calls.stream()
                .filter(call -> call.contains("pread64(") && call.contains("/images/other"))
                .count();
        // a look before the job, one before it marks and one before it writes, one before its end; what has just been
        // made is not believed to be settled
        assertThat(opens).isBetween((long) BYSTANDERS, 5L * BYSTANDERS);
        assertThat(reads).isLessThanOrEqualTo(4 * opens);
        assertThat(calls).noneMatch(call -> call.contains("unseen"));
    }
}
