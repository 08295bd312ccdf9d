package io.planish.plan;

import static io.planish.chain.Chains.ref;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.chain.FileFacts;
import io.planish.chain.PoolName;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import io.planish.job.SkipReason;
import io.planish.job.Verify;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class PlanFileTest {
    private static final FileFacts FACTS = new FileFacts("id", 6, 2, 3, 4, 5);
    private static final Plan PLAN = new Plan(
            "s-1",
            new Policy(
                    1,
                    4,
                    Direction.PULL,
                    true,
                    List.of("*.keep"),
                    3,
                    Optional.of(Duration.ofDays(7)),
                    Optional.of(Duration.ofDays(365)),
                    List.of("p/gold/**"),
                    true,
                    Verify.METADATA,
                    Duration.ofHours(3),
                    7,
                    9,
                    Map.of(new PoolName("a"), 70L),
                    Map.of(new PoolName("b"), 90L),
                    Optional.of(5)),
            List.of(
                    new Job(
                            "j1",
                            JobKind.COMMIT,
                            ref("s1"),
                            Optional.of(ref("base")),
                            ref("s2"),
                            List.of(new Relink(ref("a"), ref("s1"))),
                            Optional.empty(),
                            List.of(ref("s2")),
                            List.of(),
                            List.of(
                                    new Expectation(
                                            ref("base"),
                                            Optional.empty(),
                                            Optional.of(new FileFacts("id", 1, 2, 3, 4, 5))),
                                    new Expectation(ref("s1"), Optional.of(ref("base")), Optional.of(FACTS)),
                                    new Expectation(ref("s2"), Optional.of(ref("s1")), Optional.of(FACTS)),
                                    new Expectation(ref("a"), Optional.of(ref("s2")), Optional.of(FACTS))),
                            10,
                            20),
                    new Job(
                            "j2",
                            JobKind.PULL,
                            ref("a"),
                            Optional.empty(),
                            ref("a"),
                            List.of(),
                            Optional.empty(),
                            List.of(),
                            List.of("j1"),
                            List.of(
                                    new Expectation(ref("s1"), Optional.empty(), Optional.empty()),
                                    new Expectation(ref("a"), Optional.of(ref("s1")), Optional.empty())),
                            10,
                            0)),
            List.of(new Plan.LeafDepth(ref("a"), 4, 2)),
            List.of(new Plan.Skip(ref("b"), SkipReason.IN_USE, "b is open elsewhere")),
            List.of(new Plan.Skip(ref("c"), SkipReason.HARD_LINKED, "c has another name")),
            List.of(new Plan.End(ref("s2"), "j1")),
            List.of(new Plan.Total(ref("a").pool(), 10, 0, 20, 10)));

    @Test
    void aPlanIsReadBackAsItWasWritten() throws IOException {
        assertThat(PlanFile.read(new StringReader(written()))).isEqualTo(PLAN);
    }

    @Test
    void aPlanOfAFleetIsWrittenAsItAlwaysWas() throws IOException {
        Fleet fleet = Fleet.of("g1 <- g2 <- [a1 <- a2 <- a3, b]", "x <- y <- z", "lost")
                .data("g1", 0, 100)
                .data("g2", 5, 9)
                .data("a2", 3, 30)
                .data("a3", 7, 8)
                .data("x", 0, 50)
                .data("z", 1, 2)
                .problem("lost", SkipReason.BACKING_MISSING);

        StringWriter out = new StringWriter();
        PlanFile.write(fleet.plan(2), out);

        try (InputStream golden = Objects.requireNonNull(PlanFileTest.class.getResourceAsStream("plan.jsonl"))) {
            assertThat(out.toString()).isEqualTo(new String(golden.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void fieldsAndLinesOfALaterProgramArePassedOver() throws IOException {
        String later = written().replace("\"type\":\"job\"", "\"type\":\"job\",\"colour\":\"red\"")
                + "{\"type\":\"weather\",\"sky\":\"blue\"}\n";

        assertThat(PlanFile.read(new StringReader(later))).isEqualTo(PLAN);
    }

    @Test
    void aKeyOfThePolicyThatIsNotKnownIsRefusedByName() throws IOException {
        String later = written().replace("\"maxDepth\":1", "\"maxDepth\":1,\"neverOnMondays\":true");

        assertThatThrownBy(() -> PlanFile.read(new StringReader(later)))
                .hasMessageStartingWith(
                        "line 1 of the plan cannot be read: 'neverOnMondays' is no known key (there are ");
        assertThatThrownBy(() -> PlanFile.read(new StringReader(written().replace("\"maxDepth\"", "\"maxdepth\""))))
                .hasMessageStartingWith("line 1 of the plan cannot be read: 'maxdepth' is no known key (there are ");
    }

    @Test
    void aValueThatThePolicyCannotHaveIsNamedWithItsKey() {
        assertThatThrownBy(() -> PlanFile.read(new StringReader(written().replace("\"maxDepth\":1", "\"maxDepth\":0"))))
                .hasMessageStartingWith(
                        "line 1 of the plan cannot be read: max-depth is 0, but a chain has at least 1 file");
    }

    @Test
    void anotherVersionIsRefusedInOneLine() throws IOException {
        String later = written().replace("\"version\":1", "\"version\":2");

        assertThatThrownBy(() -> PlanFile.read(new StringReader(later)))
                .hasMessage("the plan has version 2, this program reads version 1 (make the plan anew)");
    }

    @Test
    void whatIsNoPlanIsRefusedInOneLine() {
        for (String text : List.of("", "{}", "[]", "{\"type\":\"header\"}")) {
            assertThatThrownBy(() -> PlanFile.read(new StringReader(text)))
                    .hasMessage("this is not a saved plan: line 1 is no plan header (make one with plan -o FILE)");
        }
    }

    @Test
    void aBrokenLineIsNamed() throws IOException {
        String cut = written().replace("\"top\":\"p/s2\"", "\"top\":17");

        assertThatThrownBy(() -> PlanFile.read(new StringReader(cut)))
                .hasMessageStartingWith("line 2 of the plan cannot be read: ")
                .hasMessageNotContaining("\n");
    }

    @Test
    void aJobThatWasCutOrEditedIsRefusedBeforeAnyImageIsLookedAt() throws IOException {
        refused(
                "\"snapshot\":\"s-1\"",
                "\"snapshot\":\"../../tmp/s\"",
                "line 1",
                "snapshot '../../tmp/s' is no plain name");
        refused("\"id\":\"j1\"", "\"id\":\"../j1\"", "line 2", "job id '../j1' is no plain name");
        refused("\"id\":\"j2\"", "\"id\":\"j1\"", "line 3", "job j1 is there twice");
        refused("[\"j1\"]", "[\"j9\"]", "line 3", "job j2 depends on j9, which does not come before");
        refused("[\"j1\"]", "[]", "line 3", "job j2 does not tell how p/s1 was");
        refused(
                "\"retires\":[\"p/s2\"]",
                "\"retires\":[\"p/s2\",\"p/x\"]",
                "line 2",
                "job j1 does not tell how p/x was");
        refused("\"base\":\"p/base\"", "\"base\":\"p/other\"", "line 2", "job j1 does not tell how p/other was");
        refused("\"bytesToWrite\":10", "\"bytesToWrite\":-1", "line 2", "job j1 has bytes below zero");
    }

    private static void refused(String was, String is, String line, String why) throws IOException {
        assertThat(written()).contains(was);
        assertThatThrownBy(() -> PlanFile.read(new StringReader(written().replaceFirst(Pattern.quote(was), is))))
                .hasMessageStartingWith(line + " of the plan cannot be read: " + why);
    }

    private static String written() throws IOException {
        StringWriter out = new StringWriter();
        PlanFile.write(PLAN, out);
        return out.toString();
    }
}
