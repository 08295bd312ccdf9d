package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Filesystems of their own: full, read-only, not mounted. */
class DiskTest {
    private static final long DISK_BYTES = 24 << 20;

    @TempDir
    Path dir;

    private LoopMount disk;
    private Path mount;
    private QemuImages images;

    @BeforeEach
    void mountSmallFilesystem() throws IOException {
        disk = LoopMount.in(dir, DISK_BYTES, "mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal");
        mount = disk.folder();
        images = new QemuImages(mount, Files.createDirectory(dir.resolve("m")));
    }

    @AfterEach
    void unmount() {
        disk.close();
    }

    @Test
    void pullOntoAFullDiskFailsAndGoesOnWhenThereIsSpace() throws IOException {
        images.overlay("base", "", "", "8M");
        images.write("base", "write -P 5 0 8M");
        images.overlay("a", "base", "", "8M");
        images.remember(List.of("base", "a"));
        Path filler = mount.resolve("filler");
        fill(filler);
        Answer answer = Cli.planish("pull", images.path("a"));
        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err().lines()).hasSize(1).first().asString().contains("space");
        images.assertSameContent("a", "a");
        assertThat(images.chainOf("a")).isEqualTo("base <- a");

        Files.delete(filler);
        Answer again = Cli.planish("pull", images.path("a"));
        assertThat(again.exit()).as(again.err()).isZero();
        assertThat(images.chainOf("a")).isEqualTo("a");
        images.assertUnchangedAndClean("base", "a");
    }

    @Test
    void commitOntoAFullDiskFailsAndGoesOnWhenThereIsSpace() throws IOException {
        images.overlay("base", "", "", "8M");
        images.overlay("a", "base", "", "8M");
        images.write("a", "write -P 5 0 8M");
        images.remember(List.of("a"));
        Path filler = mount.resolve("filler");
        fill(filler);
        Answer answer = Cli.planish("commit", "-d", images.path("a"));
        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err().lines()).hasSize(1).first().asString().contains("space");
        images.assertSameContent("a", "a");

        Files.delete(filler);
        Answer again = Cli.planish("commit", "-d", images.path("a"));
        assertThat(again.exit()).as(again.err()).isZero();
        images.assertUnchangedAndClean("a");
        images.assertSameContent("base", "a");
    }

    @Test
    void planKeepsItsHeadroomFree() {
        images.chain("base <- s1 <- s2 <- a");
        Answer answer = Cli.planish("plan", mount, "--max-depth", "1");
        assertThat(answer.exit()).isEqualTo(3);
        assertThat(answer.out()).contains("NO_SPACE");
    }

    @Test
    void readOnlyPoolIsOnlyLookedAt() {
        images.chain("base <- s1 <- a");
        run("mount", "-o", "remount,ro", mount);
        assertThat(Cli.planish("scan", mount).out()).contains("1 chain");
        for (List<Object> words : List.<List<Object>>of(
                List.of("pull", images.path("a")),
                List.of("commit", images.path("a")),
                List.of("pool", "init", mount))) {
            Answer answer = Cli.planish(words.toArray());
            assertThat(answer.exit()).isEqualTo(1);
            assertThat(answer.err().lines()).hasSize(1).first().asString().contains("read-only");
        }
    }

    @Test
    void anEmptyMountPointDoesNotBecomeAPool() throws IOException {
        images.chain("base <- s1 <- s2 <- a");
        Path plan = dir.resolve("plan.jsonl");
        Cli.planish("plan", "--max-depth", "1", "--headroom", "0", mount, "-o", plan);
        run("umount", mount);
        Answer answer = Cli.planish("apply", plan);
        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err()).contains("mounted?");
        try (Stream<Path> left = Files.list(mount)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void aBaseOnAReadOnlyFilesystemIsReadAllTheSame() throws IOException {
        images.overlay("golden", "", "", "8M");
        images.write("golden", "write -P 3 0 4M");
        run("mount", "-o", "remount,ro", mount);
        QemuImages vms = QemuImages.in(Files.createDirectory(dir.resolve("vms")));
        for (String vm : List.of("a", "b")) {
            vms.overlay(vm, mount.resolve("golden").toString(), "", "8M");
            vms.write(vm, "write -P 5 6M 64k");
        }
        vms.remember(List.of("a", "b"));

        assertThat(Cli.planish("rebase", "-b", "", vms.path("a")).exit()).isZero();
        assertThat(Cli.planish("pull", vms.path("b")).exit()).isZero();

        for (String vm : List.of("a", "b")) {
            assertThat(vms.chainOf(vm)).isEqualTo(vm);
            vms.assertUnchangedAndClean(vm);
        }
    }

    @Test
    void poolThatBecameReadOnlyFailsInOneLine() {
        images.chain("base <- s1 <- a");
        assertThat(Cli.planish("pool", "init", mount).exit()).isZero();
        run("mount", "-o", "remount,ro", mount);
        Answer answer = Cli.planish("pull", images.path("a"));
        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err().lines()).as(answer.err()).hasSize(1);
    }

    @Test
    void planForAPoolThatIsNotMountedIsRefused() throws IOException {
        images.chain("base <- s1 <- s2 <- a");
        assertThat(Cli.planish("pool", "init", mount).exit()).isZero();
        Path plan = dir.resolve("plan.jsonl");
        Cli.planish("plan", "--max-depth", "1", "--headroom", "0", mount, "-o", plan);
        run("umount", mount);
        Answer answer = Cli.planish("apply", plan);
        assertThat(answer.exit()).as(answer.out() + answer.err()).isEqualTo(1);
        assertThat(answer.err()).contains("no pool marker").contains("mounted");
        try (Stream<Path> left = Files.list(mount)) {
            assertThat(left).as("nothing is made in an empty mount point").isEmpty();
        }
    }

    private static void fill(Path filler) {
        Qemu.run("dd", "if=/dev/zero", "of=" + filler, "bs=64k");
    }

    private static void run(Object... command) {
        Qemu.Result result = Qemu.run(command);
        assertThat(result.exit()).as(result.out() + result.err()).isZero();
    }
}
