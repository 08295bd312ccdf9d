package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person who reviews a plan is told, on real images. */
class PlanTest {
    @TempDir
    Path dir;

    private QemuImages images;

    @BeforeEach
    void makeFolder() throws IOException {
        images = new QemuImages(Files.createDirectory(dir.resolve("images")), Files.createDirectory(dir.resolve("m")));
    }

    @Test
    void treesAreShownBeforeAndAfterAndAsData() {
        images.chain("base <- s1 <- s2 <- [a, b]");

        Answer text = Cli.planish("plan", images.folder());
        Answer json = Cli.planish("plan", images.folder(), "--json");

        assertThat(text.out())
                .contains("  now   base.qcow2 <- s1.qcow2 <- s2.qcow2 <- [a.qcow2, b.qcow2]")
                .contains("Restore points that end", "to write");
        assertThat(json.out().lines().filter(line -> line.contains("\"type\":\"tree\"")))
                .singleElement()
                .asString()
                .contains("\"before\":[{\"image\":\"images/a.qcow2\",\"backing\":\"images/s2.qcow2\"", "\"after\":[");
    }

    @Test
    void whatIsNeededUpToEachJobIsTold() {
        images.chain("base <- s1 <- s2 <- [a, b]");

        Answer json = Cli.planish("plan", images.folder(), "--json");

        assertThat(json.out().lines().filter(line -> line.contains("\"type\":\"prefix\"")))
                .hasSize(1)
                .allMatch(line -> line.matches(".*\"job\":\"j0001\",\"peakExtraBytes\":\\{\"images\":[0-9]+}.*"));
    }

    @Test
    void aNameWithALineEndStaysOnItsLine() throws IOException {
        images.chain("base <- s1 <- active");
        String forged = "vm\nj0009 pull everything into nothing.qcow2";
        Files.move(images.path("active"), images.folder().resolve(forged));

        Answer plan = Cli.planish("plan", images.folder(), "-o", dir.resolve("plan"));
        Answer scan = Cli.planish("scan", images.folder());
        Answer apply = Cli.planish("apply", dir.resolve("plan"));

        assertThat(apply.exit()).isZero();
        assertThat(plan.out() + scan.out() + apply.out())
                .contains("vm?j0009 pull everything into nothing.qcow2")
                .doesNotContain("\nj0009");
    }

    @Test
    void aPlanThatIsNoFileIsRefusedByName() {
        Answer answer = Cli.planish("apply", images.folder());

        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err()).startsWith("planish: " + images.folder() + ": cannot be read: ");
    }

    @Test
    void aFolderHasItsOwnBudgetAndHeadroom() {
        images.chain("base <- s1 <- active");

        for (Object one : List.of("images", images.folder())) {
            Answer budget = Cli.planish("plan", images.folder(), "--budget", "1T", "--budget", one + "=1K");
            assertThat(budget.out()).contains("BUDGET (1)", "1.0 KiB are left of the budget of pool images");
            Answer headroom = Cli.planish("plan", images.folder(), "--headroom", one + "=1000P");
            assertThat(headroom.out()).contains("NO_SPACE (1)");
        }
        Answer unknown = Cli.planish("plan", images.folder(), "--budget", "other=1K");
        assertThat(unknown.exit()).isEqualTo(2);
        assertThat(unknown.err()).contains("--budget other is none of the folders");
        assertThat(Cli.planish("plan", images.folder(), "--budget", "much").err())
                .contains("'much' is no size");
    }

    @Test
    void whoHasAnImageOpenIsTold() throws IOException {
        images.chain("base <- s1 <- active");
        try (Qemu.Guest guest = new Qemu.Guest(images.path("active"))) {
            Answer answer = Cli.planish("plan", images.folder(), "--json");

            assertThat(answer.out())
                    .containsPattern("images/active.qcow2 is open elsewhere for writing, by qemu-io \\(pid [0-9]+\\)"
                            + " \\(shut the guest down, or plan again when it is off\\)");
        }
    }

    @Test
    void anImageIsExplained() {
        images.chain("base <- s1 <- s2 <- active");

        Answer answer = Cli.planish("plan", images.folder(), "--keep", "s1.*", "--explain", images.path("s2"));
        Answer json = Cli.planish("plan", images.folder(), "--explain", images.path("s2"), "--json");

        assertThat(answer.exit()).as(answer.err()).isZero();
        assertThat(answer.out())
                .contains(
                        "stays as it shows now: images/s1.qcow2 is kept by 's1.*'",
                        ", chosen",
                        "--direction pull",
                        "--unshare");
        assertThat(json.out()).contains("\"alternatives\"", "\"image\" : \"images/s2.qcow2\"");
    }

    @Test
    void aFolderIsProtectedByItsFullName() throws IOException {
        images.chain("base <- s1 <- active");

        Answer all = Cli.planish("plan", images.folder(), "--protect", images.folder());
        Answer elsewhere = Cli.planish("plan", images.folder(), "--protect", "/nowhere/");

        assertThat(all.exit()).isEqualTo(3);
        assertThat(all.out()).contains("is protected by 'images/**'", "Nothing to do.");
        assertThat(elsewhere.exit()).isEqualTo(2);
        assertThat(elsewhere.err()).contains("--protect /nowhere/ is in none of the folders");
    }

    @Test
    void whatIsProtectedOrHasABudgetMayBeNamedThroughASymbolicLink() throws IOException {
        images.chain("base <- s1 <- active");
        Path link = Files.createSymbolicLink(dir.resolve("link"), images.folder());

        assertThat(Cli.planish("plan", link, "--protect", link).out()).contains("is protected by 'images/**'");
        assertThat(Cli.planish("plan", link, "--protect", link.resolve("a*.qcow2"), "--max-depth", "1")
                        .out())
                .contains("is protected by 'images/a*.qcow2'");
        assertThat(Cli.planish("plan", link, "--budget", link + "=1K").out()).contains("BUDGET (1)");
    }
}
