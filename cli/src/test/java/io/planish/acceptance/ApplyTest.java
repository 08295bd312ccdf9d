package io.planish.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.cli.Cli;
import io.planish.cli.Cli.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Saved plans, carried out later, in a world that may have changed since. */
class ApplyTest {
    private static final List<String> FIRST = List.of("base", "s1", "s2", "active");
    private static final List<String> SECOND = List.of("root", "t1", "t2", "other");

    @TempDir
    Path dir;

    private QemuImages images;
    private Path plan;

    @BeforeEach
    void planTwoTrees() throws IOException {
        images = QemuImages.in(dir);
        images.chain(String.join(" <- ", FIRST));
        images.chain(String.join(" <- ", SECOND));
        images.remember(List.of("active", "other"));
        plan = dir.resolve("plan.jsonl");
        plan();
    }

    private void plan(Object... more) {
        List<Object> words = new ArrayList<>(List.of("plan", images.folder(), "--max-depth", "1", "-o", plan));
        words.addAll(List.of(more));
        assertThat(Cli.planish(words.toArray()).exit()).isZero();
    }

    @Test
    void ofAChangedTreeNothingIsTouchedAndTheRestGoesOn() throws IOException {
        images.write("s2", "write -P 77 3M 64k");
        Map<String, byte[]> before = bytes(FIRST);
        images.remember(List.of("active"));

        Answer answer = Cli.planish("apply", plan);

        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err()).contains("planish: images/s2.qcow2: it was changed since the plan was made");
        assertSameBytes(before);
        images.assertUnchangedAndClean("active", "other");
        assertThat(images.chainOf("other")).isEqualTo("other");
        assertThat(Cli.planish("apply", plan).exit()).as("it stays stale").isEqualTo(1);
        assertSameBytes(before);
    }

    @Test
    void aBackingFileThatIsToBePulledIntoMustNotHaveBeenWritten() throws IOException {
        List<Object> words =
                List.of("plan", images.folder(), "--direction", "pull", "--protect", "active.qcow2", "-o", plan);
        assertThat(Cli.planish(words.toArray()).exit()).isZero();
        images.write("s2", "write -P 77 3M 64k");
        Map<String, byte[]> before = bytes(FIRST);

        Answer answer = Cli.planish("apply", plan);

        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err()).contains("planish: images/s2.qcow2: it was changed since the plan was made");
        assertSameBytes(before);
    }

    @Test
    void aLeafThatIsToBePulledIntoMayHaveBeenWritten() throws IOException {
        plan("--direction", "pull");
        images.write("active", "write -P 77 3M 64k");
        images.remember(List.of("active"));

        assertThat(Cli.planish("apply", plan).exit()).isZero();

        images.assertUnchangedAndClean("active", "other");
        assertThat(images.chainOf("active")).isEqualTo("active");
    }

    @Test
    void anOverlayThatHasComeMakesItsTreeStale() throws IOException {
        images.overlay("late", "s1", "", "8M");
        images.remember(List.of("late"));
        Map<String, byte[]> before = bytes(FIRST);

        Answer answer = Cli.planish("apply", plan);

        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err()).contains("plan again");
        assertSameBytes(before);
        images.assertUnchangedAndClean("late", "active", "other");
        assertThat(images.chainOf("other")).isEqualTo("other");
    }

    @Test
    void aLayerThatIsGoneOrReplacedMakesItsTreeStale() throws IOException {
        Files.copy(images.path("s2"), dir.resolve("copy"));
        Files.move(dir.resolve("copy"), images.path("s2"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Files.delete(images.path("t1"));
        Map<String, byte[]> before = bytes(FIRST);

        Answer answer = Cli.planish("apply", plan);

        assertThat(answer.exit()).isEqualTo(1);
        assertThat(answer.err())
                .contains(
                        "images/s2.qcow2: another file stands under this name",
                        "images/t1.qcow2: it is gone",
                        "backing file 't1.qcow2' does not exist")
                .doesNotContain("has another backing file");
        assertSameBytes(before);
        images.assertUnchangedAndClean("active");
    }

    @Test
    void aFinishedPlanIsDoneOnlyOnce() throws IOException {
        assertDone(Cli.planish("apply", plan));
        Map<String, byte[]> before = bytes(List.of("active", "other"));

        Answer again = Cli.planish("apply", plan);

        assertThat(again.exit()).isZero();
        assertThat(again.out()).isEqualTo("All 2 jobs were done before, nothing was written\n");
        assertThat(again.err()).isEmpty();
        assertSameBytes(before);
        JsonNode json = Qemu.json(Cli.planish("apply", plan, "--json").out());
        assertThat(json.path("bytesWritten").asLong()).isZero();
        assertThat(json.path("doneBefore").asInt()).isEqualTo(2);
    }

    @Test
    void aPlanThatIsTooOldIsRefusedInOneLine() throws IOException {
        Instant dayBefore = Instant.now().minus(Duration.ofHours(25));
        Files.writeString(plan, madeAt(Files.readString(plan), dayBefore));
        Map<String, byte[]> before = bytes(FIRST);

        Answer refused = Cli.planish("apply", plan);

        assertThat(refused.exit()).isEqualTo(1);
        assertThat(refused.err()).hasLineCount(1).contains(plan.toString(), "25 h 0 min old", "--max-plan-age");
        assertSameBytes(before);
        assertDone(Cli.planish("apply", plan, "--max-plan-age", "2d"));
        images.assertUnchangedAndClean("active", "other");
    }

    @Test
    void aPlanFromTheFutureIsRefusedButClocksMayDifferALittle() throws IOException {
        String text = Files.readString(plan);
        Map<String, byte[]> before = bytes(FIRST);
        Files.writeString(plan, madeAt(text, Instant.now().plus(Duration.ofHours(1))));

        Answer refused = Cli.planish("apply", plan, "--max-plan-age", "2d");

        assertThat(refused.exit()).isEqualTo(1);
        assertThat(refused.err()).hasLineCount(1).contains("which is still to come");
        assertSameBytes(before);
        Files.writeString(plan, madeAt(text, Instant.now().plus(Duration.ofMinutes(2))));
        assertDone(Cli.planish("apply", plan));
    }

    private static String madeAt(String plan, Instant time) {
        return plan.replaceFirst("\"at\":\"[^\"]+\"", "\"at\":\"" + time + "\"");
    }

    @Test
    void onlyWhatTheTargetNeedsIsDone() throws IOException {
        Map<String, byte[]> before = bytes(SECOND);

        Answer answer = Cli.planish("apply", plan, "--target", images.path("active"));

        assertThat(answer.exit()).as(answer.err()).isZero();
        assertThat(images.chainOf("active")).isEqualTo("active");
        assertSameBytes(before);
        assertDone(Cli.planish("apply", plan));
        assertThat(images.chainOf("other")).isEqualTo("other");
        images.assertUnchangedAndClean("active", "other");
    }

    @Test
    void aCanaryDoesSomeJobsAndLeavesTheRest() throws IOException {
        Answer answer = Cli.planish("apply", plan, "--canary", "1");

        assertThat(answer.exit()).as(answer.err()).isZero();
        assertThat(answer.out()).contains("1 of 2 jobs done", "The rest is left for: planish apply " + plan);
        assertThat(images.chainOf("other")).isEqualTo("root <- t1 <- t2 <- other");
        assertDone(Cli.planish("apply", plan));
        assertThat(images.chainOf("other")).isEqualTo("other");
        images.assertUnchangedAndClean("active", "other");
    }

    @Test
    void aPlanMadeForCanariesIsAppliedJobByJobUnlessToldOtherwise() throws IOException {
        plan("--canary", "1");

        assertThat(Cli.planish("apply", plan).out()).contains("1 of 2 jobs done");
        assertThat(images.chainOf("other")).isEqualTo("root <- t1 <- t2 <- other");
        assertDone(Cli.planish("apply", plan, "--canary", "0"));
        images.assertUnchangedAndClean("active", "other");
        assertThat(Cli.planish("apply", plan, "--canary", "-1").err())
                .contains("--canary is -1, but must be at least 1");
    }

    @Test
    void theSummaryInJsonTellsOfEachJob() {
        JsonNode json =
                Qemu.json(Cli.planish("apply", plan, "--json", "--jobs", "4").out());

        assertThat(json.path("done").asInt()).isEqualTo(2);
        assertThat(json.path("bytesWritten").asLong()).isPositive();
        assertThat(json.path("results")).hasSize(2);
        assertThat(json.path("results").path(0).path("outcome").asText()).isEqualTo("DONE");
        images.assertUnchangedAndClean("active", "other");
    }

    @Test
    void aNumberOfJobsThatMakesNoSenseIsWrongUsage() {
        assertThat(Cli.planish("apply", plan, "--jobs", "0").exit()).isEqualTo(2);
        assertThat(Cli.planish("apply", plan, "--max-plan-age", "soon").exit()).isEqualTo(2);
    }

    private static void assertDone(Answer answer) {
        assertThat(answer.exit()).as(answer.out() + answer.err()).isZero();
    }

    private Map<String, byte[]> bytes(List<String> names) throws IOException {
        Map<String, byte[]> bytes = new HashMap<>();
        for (String name : names) {
            if (images.exists(name)) {
                bytes.put(name, images.bytes(name));
            }
        }
        return bytes;
    }

    private void assertSameBytes(Map<String, byte[]> before) throws IOException {
        for (Map.Entry<String, byte[]> file : before.entrySet()) {
            assertThat(images.bytes(file.getKey())).as(file.getKey()).isEqualTo(file.getValue());
        }
    }
}
