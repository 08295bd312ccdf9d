package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Filesystems that are full, read-only or not mounted: each told in one line, and nothing lost. Needs root for a loop mount. */
class FilesystemTest {
    private static final long FILESYSTEM_BYTES = 4L << 30;
    private static final long LEFT_FREE_BYTES = 6L << 20;

    @TempDir
    Path dir;

    private LoopMount mount;
    private Path mounted;
    private Path plan;
    private QemuImages images;

    @BeforeEach
    void makeChainOnAFilesystemOfItsOwn() throws IOException {
        mount = LoopMount.in(dir, FILESYSTEM_BYTES, "mkfs.ext4", "-q", "-m", "0");
        mounted = mount.folder();
        images =
                new QemuImages(Files.createDirectory(mounted.resolve("pool")), Files.createDirectory(dir.resolve("m")));
        images.overlay("base", "", "", "32M");
        images.write("base", "write -P 1 0 12M");
        images.overlay("s1", "base", "", "32M");
        images.write("s1", "write -P 2 10M 10M", "write -z 3M 1M");
        images.overlay("active", "s1", "", "32M");
        images.write("active", "write -P 3 18M 12M");
        images.remember(List.of("active"));
        plan = dir.resolve("plan.jsonl");
    }

    @AfterEach
    void unmount() {
        mount.close();
    }

    @Test
    void fullDiskEndsTheJobWithOneLineAndNothingLost() throws IOException {
        makePlan();
        Path ballast = mounted.resolve("ballast");
        long size = Files.getFileStore(mounted).getUsableSpace() - LEFT_FREE_BYTES;
        assertThat(Qemu.run("fallocate", "-l", size, ballast).exit()).isZero();

        for (int attempt = 1; attempt <= 2; attempt++) {
            assertFailsWithOneLine(Cli.planish("apply", plan), "no space");
            images.assertSameContent("active", "active");
        }

        Files.delete(ballast);
        Answer answer = Cli.planish("apply", plan);
        assertThat(answer.exit()).as(answer.out() + answer.err()).isZero();
        assertFlat();
    }

    @Test
    void aFolderThatIsMountedInTwoPlacesIsLeftAloneAndNobodyIsToldToRemoveAName() throws IOException {
        Path again = Files.createDirectory(dir.resolve("again"));
        assertThat(Qemu.run("mount", "--bind", mounted.resolve("pool"), again).exit())
                .isZero();
        try {
            Answer answer = Cli.planish("plan", again, mounted.resolve("pool"), "--json");

            assertThat(answer.exit()).isEqualTo(3);
            assertThat(answer.out())
                    .contains(
                            "HARD_LINKED",
                            "again/active.qcow2 is the same file as pool/active.qcow2, in a folder that is mounted in two places (name only one of them)")
                    .doesNotContain("remove");
        } finally {
            assertThat(Qemu.run("umount", again).exit()).isZero();
        }
    }

    @Test
    void aCanaryLeavesTheRestOfAPoolAloneAfterItsFirstFailureAndTheNextApplyGoesOn() throws IOException {
        images.chain("z0 <- z1 <- z2");
        images.remember(List.of("z2"));
        makePlan();
        Path ballast = mounted.resolve("ballast");
        long size = Files.getFileStore(mounted).getUsableSpace() - LEFT_FREE_BYTES;
        assertThat(Qemu.run("fallocate", "-l", size, ballast).exit()).isZero();

        Answer canary = Cli.planish("apply", plan, "--canary", "9", "--jobs", "1");

        assertFailsWithOneLine(canary, "no space");
        assertThat(canary.out()).contains("0 of 2 jobs done", "The rest is left for: planish apply " + plan);
        assertThat(images.chainOf("z2")).isEqualTo("z0 <- z1 <- z2");

        Answer all = Cli.planish("apply", plan, "--jobs", "1");
        assertThat(all.err().lines()).as("without a canary both are tried").hasSize(2);
        Files.delete(ballast);
        assertThat(Cli.planish("apply", plan).exit()).isZero();
        assertFlat();
        images.assertUnchangedAndClean("z2");
    }

    @Test
    void readOnlyFilesystemIsNotWritten() {
        makePlan();
        assertThat(Qemu.run("mount", "-o", "remount,ro", mounted).exit()).isZero();
        assertFailsWithOneLine(Cli.planish("apply", plan), "read-only");
        images.assertUnchangedAndClean("active");
        assertThat(Qemu.run("mount", "-o", "remount,rw", mounted).exit()).isZero();
        assertThat(Cli.planish("apply", plan).exit()).isZero();
        assertFlat();
    }

    @Test
    void folderWhoseFilesystemIsNotMountedIsNotTakenForThePool() throws IOException {
        Answer marking = Cli.planish("pool", "init", images.folder());
        assertThat(marking.exit()).as(marking.out() + marking.err()).isZero();
        makePlan();
        assertThat(Qemu.run("umount", mounted).exit()).isZero();
        Files.createDirectory(mounted.resolve("pool"));
        assertFailsWithOneLine(Cli.planish("apply", plan), "marker");
        assertThat(mounted.resolve("pool")).isEmptyDirectory();
        assertThat(mount.mount().exit()).isZero();
        images.assertUnchangedAndClean("active");
    }

    private void makePlan() {
        Answer answer = Cli.planish("plan", images.folder(), "--max-depth", "1", "-o", plan);
        assertThat(answer.exit()).as(answer.out() + answer.err()).isZero();
    }

    private void assertFlat() {
        images.assertUnchangedAndClean("active");
        assertThat(images.chainOf("active")).isEqualTo("active");
    }

    private static void assertFailsWithOneLine(Answer answer, String what) {
        assertThat(answer.exit()).as(answer.out() + answer.err()).isEqualTo(1);
        assertThat(answer.err().lines()).hasSize(1);
        assertThat(answer.err()).startsWith("planish: ").containsIgnoringCase(what);
    }
}
