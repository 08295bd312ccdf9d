package io.planish.plan;

import static io.planish.chain.Chains.ref;
import static org.assertj.core.api.Assertions.assertThat;

import io.planish.job.SkipReason;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShortChainsTest {
    private static final DrawnFleet DRAWN = DrawnFleet.of(List.of(
            "forest a{1M} <- b{1M} <- c{1M}",
            "forest gold{9M} <- [x{1M}, y{1M}]",
            "forest lost{1M backing-missing} <- z{1M}",
            "forest alone{1M}",
            "max-depth 2"));
    private static final Plan PLAN = DRAWN.fleet().plan(DRAWN.policy());

    @Test
    void eachChainThatIsShortEnoughHasALineOfItsOwnInJson() throws IOException {
        StringWriter out = new StringWriter();
        PlanFile.write(PLAN, out);
        PlanFile.writeShort(PLAN, DRAWN.fleet().snapshot().forest(), out);

        assertThat(out.toString().lines().filter(line -> line.contains("\"short\"")))
                .containsExactly(
                        "{\"type\":\"short\",\"image\":\"p/x\",\"reason\":\"SHORT_ENOUGH\",\"sentence\":\"p/x has a chain of 2 files and may have 2\"}",
                        "{\"type\":\"short\",\"image\":\"p/y\",\"reason\":\"SHORT_ENOUGH\",\"sentence\":\"p/y has a chain of 2 files and may have 2\"}");
        assertThat(PlanFile.read(new StringReader(out.toString()))).isEqualTo(PLAN);
    }

    @Test
    void asTextTheyAreCountedAndNamedIfAllIsAskedFor() {
        assertThat(String.join("\n", PlanReport.of(PLAN, DRAWN.fleet().snapshot(), false, 80)))
                .contains("Short enough\n  SHORT_ENOUGH (2)  chains of at most 2 files; --all names each")
                .doesNotContain("p/x");
        assertThat(String.join("\n", PlanReport.of(PLAN, DRAWN.fleet().snapshot(), true, 80)))
                .contains(
                        "Short enough\n  SHORT_ENOUGH (2)\n    p/x has a chain of 2 files and may have 2\n    p/y has");
    }

    @Test
    void anExplanationSaysItWithItsCode() throws IOException {
        Explanation explained = Explainer.of(ref("gold"), DRAWN.fleet().snapshot(), DRAWN.policy());

        assertThat(explained.leftAlone())
                .extracting(Plan.Skip::reason)
                .containsExactly(SkipReason.SHORT_ENOUGH, SkipReason.SHORT_ENOUGH);
    }
}
