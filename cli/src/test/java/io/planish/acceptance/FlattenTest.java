package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole folders, from scan to apply, on real images. */
class FlattenTest {
    @TempDir
    Path dir;

    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        images = QemuImages.in(dir);
    }

    @Test
    void longChainBecomesAsShortAsAsked() {
        images.chain("base <- s1 <- s2 <- s3 <- active");
        images.remember(List.of("active"));
        Answer answer = Cli.planish("flatten", images.folder(), "--yes", "--max-depth", "1", "--delete");
        assertThat(answer.exit()).as(answer.err()).isZero();
        assertThat(images.chainOf("active")).isEqualTo("active");
        images.assertUnchangedAndClean("active");
        assertThat(images.exists("s2")).isFalse();
        assertThat(trash()).isEmpty();
    }

    @Test
    void sharedBaseStaysAndAllLeavesShowWhatTheyShowed() {
        images.chain("base <- s1 <- s2 <- [a, b]");
        images.overlay("other", "base", "cluster_size=4k", "6M");
        images.write("other", "write -P 99 1M 300k");
        images.remember(List.of("base", "a", "b", "other"));
        Answer answer = Cli.planish("flatten", images.folder(), "--yes");
        assertThat(answer.exit()).as(answer.out() + answer.err()).isNotEqualTo(1);
        images.assertUnchangedAndClean("base", "a", "b", "other");
    }

    @Test
    void leftoversWaitInTheTrash() throws IOException {
        images.chain("base <- s1 <- active");
        images.remember(List.of("active"));
        assertThat(Cli.planish("flatten", images.folder(), "--yes", "--max-depth", "1")
                        .exit())
                .isZero();
        assertThat(trash()).isNotEmpty();
        assertThat(Cli.planish("scan", images.folder()).out()).startsWith("0 chains");
        images.assertUnchangedAndClean("active");
    }

    @Test
    void aFolderThatMayNotBeWrittenIsNamedBeforeAnythingIsAsked() {
        images.chain("base <- s1 <- active");
        Path folder = images.folder();
        assumeTrue(Qemu.run("chattr", "+i", folder).exit() == 0, "no folder can be made immutable");
        try {
            Answer answer = Cli.planish("flatten", folder, "--yes", "--max-depth", "1");
            assertThat(answer.exit()).isEqualTo(1);
            assertThat(answer.err()).contains(folder + ": may not be written");
            assertThat(answer.out()).contains("j0001 ").doesNotContain("FAILED");
        } finally {
            Qemu.run("chattr", "-i", folder);
        }
    }

    @Test
    void planIsSavedReviewedAndAppliedOnce() throws IOException {
        images.chain("base <- s1 <- s2 <- active");
        images.remember(List.of("active"));
        Path plan = dir.resolve("plan.jsonl");
        assertThat(Cli.planish("plan", images.folder(), "-o", plan).exit()).isZero();
        assertThat(images.chainOf("active")).as("a plan changes nothing").isEqualTo("base <- s1 <- s2 <- active");
        try (Stream<Path> files = Files.list(images.folder())) {
            assertThat(files).as("a plan writes nothing").hasSize(4);
        }
        assertThat(Files.readString(plan)).contains("\"type\":\"job\"", "\"type\":\"ends\"");

        Answer applied = Cli.planish("apply", plan);
        assertThat(applied.exit()).as(applied.err()).isZero();
        assertThat(images.chainOf("active").split(" <- ")).hasSize(2);
        images.assertUnchangedAndClean("active");

        Answer again = Cli.planish("apply", plan);
        assertThat(again.exit()).as(again.err()).isZero();
        images.assertUnchangedAndClean("active");
    }

    @Test
    void imageThatIsInUseIsSkippedWithItsReason() throws IOException {
        images.chain("base <- s1 <- s2 <- active");
        images.remember(List.of("active"));
        try (Qemu.Guest guest = new Qemu.Guest(images.path("active"))) {
            Answer answer = Cli.planish("flatten", images.folder(), "--yes");
            assertThat(answer.exit()).isEqualTo(3);
            assertThat(answer.out()).contains("IN_USE");
        }
        assertThat(images.chainOf("active")).isEqualTo("base <- s1 <- s2 <- active");
        images.assertUnchangedAndClean("active");
    }

    @Test
    void guestThatStartsBetweenPlanAndApplyIsLeftAlone() throws IOException {
        images.chain("base <- s1 <- s2 <- active");
        Path plan = dir.resolve("plan.jsonl");
        assertThat(Cli.planish("plan", images.folder(), "-o", plan).exit()).isZero();
        images.remember(List.of("active"));
        try (Qemu.Guest guest = new Qemu.Guest(images.path("active"))) {
            Answer answer = Cli.planish("apply", plan);
            assertThat(answer.exit()).as(answer.out() + answer.err()).isEqualTo(3);
            assertThat(answer.out()).contains("IN_USE");
        }
        images.assertUnchangedAndClean("active");
    }

    @Test
    void keptAndProtectedImagesAreNotTouched() throws IOException {
        images.chain("base <- s1 <- s2 <- active");
        images.remember(List.of("base", "s1", "s2", "active"));
        byte[] base = images.bytes("base");
        byte[] s2 = images.bytes("s2");
        Answer answer = Cli.planish(
                "flatten", images.folder(), "--yes", "--max-depth", "1", "--keep", "base*", "--protect", "s2.qcow2");
        assertThat(answer.exit()).as(answer.err()).isNotEqualTo(1);
        images.assertUnchangedAndClean("base", "active");
        assertThat(images.bytes("base")).isEqualTo(base);
        assertThat(images.bytes("s2")).isEqualTo(s2);
    }

    @Test
    void whatHasNobodyToAskIsNotDone() {
        images.chain("base <- s1 <- active");
        Answer answer = Cli.planish("flatten", images.folder());
        assertThat(answer.exit()).isEqualTo(2);
        assertThat(answer.err()).contains("--yes");
        assertThat(images.chainOf("active")).isEqualTo("base <- s1 <- active");
    }

    @Test
    void restorePointsThatEndAreShown() {
        images.chain("base <- s1 <- s2 <- active");
        Answer answer = Cli.planish("plan", images.folder());
        assertThat(answer.out()).contains("Restore points that end");
    }

    @Test
    void aBaseWithASecondNameIsNoObstacleForTheLayersAboveIt() throws IOException {
        images.remember(images.chain("base <- s1 <- s2 <- active"));
        Files.createLink(images.folder().resolve("alias.qcow2"), images.path("s1"));
        Answer answer = Cli.planish("flatten", "--yes", "--max-depth", "3", images.folder());
        assertThat(answer.exit()).as(answer.out() + answer.err()).isZero();
        images.assertUnchangedAndClean("base", "s1", "active");
        assertThat(images.chainOf("active").split(" <- ")).hasSize(3);
    }

    @Test
    void scanInJsonTellsEveryChain() {
        images.chain("base <- s1 <- [a, b]");
        JsonNode scan = Qemu.json(Cli.planish("scan", "--json", images.folder()).out());
        assertThat(scan.path("chains")).hasSize(2);
        assertThat(scan.path("chains").path(0).path("drawing").asText())
                .isEqualTo("images/base.qcow2 <- [images/s1.qcow2] <- images/a.qcow2");
        assertThat(scan.path("images")).hasSize(4);
    }

    private List<Path> trash() {
        Path trash = images.folder().resolve(".planish-trash");
        if (!Files.exists(trash)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(trash)) {
            return files.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void applyDeletesAtOnceIfAskedTo() throws IOException {
        images.chain("base <- s1 <- a");
        images.remember(List.of("a"));
        Path plan = dir.resolve("plan.jsonl");
        assertThat(Cli.planish("plan", images.folder(), "--max-depth", "1", "-o", plan)
                        .exit())
                .isZero();

        assertThat(Cli.planish("apply", plan, "--delete").exit()).isZero();

        assertThat(images.folder().resolve(".planish-trash")).doesNotExist();
        assertThat(images.path("s1")).doesNotExist();
        images.assertUnchangedAndClean("a");
        assertThat(Cli.planish("plan", images.folder(), "--delete", "--grace", "1d")
                        .exit())
                .isEqualTo(2);
    }
}
