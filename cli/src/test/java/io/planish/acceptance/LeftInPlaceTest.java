package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import io.planish.job.Outcome;
import io.planish.job.SkipReason;
import io.planish.plan.Plan;
import io.planish.plan.Planner;
import io.planish.plan.Policy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder that may not hold all overlays of its images: what a pull leaves there is no disk that wants to be short. */
class LeftInPlaceTest {
    @TempDir
    Path dir;

    private QemuImages images;
    private Merges merges;

    @BeforeEach
    void pullALeafOutOfALongChain() throws IOException {
        images = QemuImages.in(dir);
        images.chain("base <- s1 <- s2 <- s3 <- active");
        images.remember(List.of("base", "s1", "s2", "s3", "active"));
        merges = new Merges(images.folder(), Files.createDirectory(dir.resolve("state")), false);
        carryOut(plan());
        assertThat(images.chainOf("active")).isEqualTo("s3 <- active");
    }

    @Test
    void itIsNotPulledIntoByTheNextRun() throws IOException {
        Plan next = plan();

        assertThat(next.jobs()).isEmpty();
        assertThat(next.skips())
                .extracting(Plan.Skip::image, Plan.Skip::reason)
                .containsExactly(tuple(Merges.ref("s2"), SkipReason.LEFT_OVER));
        images.assertUnchangedAndClean("base", "s1", "s2", "s3", "active");
    }

    @Test
    void aRecordThatWasDamagedSaysNothing() throws IOException {
        for (String damaged : List.of("null", "{}", "{\"path\":", "")) {
            Files.writeString(images.folder().resolve(".planish/damaged.left.json"), damaged);

            assertThat(plan().jobs()).isEmpty();
        }
    }

    @Test
    void itIsADiskAgainOnceAGuestHasWrittenToIt() throws IOException {
        images.write("s2", "write -P 9 1M 64k");

        assertThat(plan().jobs()).isNotEmpty();
    }

    @Test
    void aNewOverlayOnItIsShortenedAsAnyOther() throws IOException {
        images.overlay("again", "s2", "", QemuImages.SIZE);
        images.remember(List.of("again"));

        carryOut(plan());

        assertThat(images.chainOf("again").split(" <- ")).hasSize(2);
        assertThat(plan().jobs()).isEmpty();
        images.assertUnchangedAndClean("base", "s1", "s2", "s3", "active", "again");
    }

    @Test
    void whereAllOverlaysAreKnownItIsADisk() throws IOException {
        Merges complete = new Merges(images.folder(), dir.resolve("state"), true);

        assertThat(Planner.plan(complete.scan(), Policy.DEFAULT).jobs()).isNotEmpty();
    }

    private void carryOut(Plan plan) {
        assertThat(plan.jobs()).isNotEmpty();
        plan.jobs().forEach(job -> assertThat(merges.run(job).outcome()).isEqualTo(new Outcome.Done()));
    }

    private Plan plan() throws IOException {
        return Planner.plan(merges.scan(), Policy.DEFAULT);
    }
}
