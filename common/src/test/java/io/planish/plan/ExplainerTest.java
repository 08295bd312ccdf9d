package io.planish.plan;

import static io.planish.chain.Chains.ref;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExplainerTest {

    @Test
    void everyTargetIsNamedWithWhatItWouldWrite() throws IOException {
        Explanation explained = explain("mid", "forest lo{1M} <- mid{600M} <- hi{3M}", "max-depth 1");

        assertThat(explained.steps())
                .singleElement()
                .satisfies(step -> assertThat(step.targets())
                        .extracting(
                                target -> target.image().path(),
                                target -> Bytes.text(target.bytesToWrite().orElseThrow()),
                                Explanation.Target::chosen)
                        .containsExactly(
                                tuple("lo", "603.0 MiB", false),
                                tuple("mid", "4.0 MiB", true),
                                tuple("hi", "601.0 MiB", false)));
        assertThat(explained.leaves()).containsExactly(new Plan.LeafDepth(ref("hi"), 3, 1));
        assertThat(explained.alternatives())
                .extracting(
                        Explanation.Alternative::policy,
                        other -> Bytes.text(other.bytesToWrite()),
                        Explanation.Alternative::files)
                .containsExactly(
                        tuple("as asked", "4.0 MiB", 1),
                        tuple("--max-depth 2", "1.0 MiB", 2),
                        tuple("--direction commit", "603.0 MiB", 1),
                        tuple("--direction pull", "601.0 MiB", 1),
                        tuple("--unshare", "4.0 MiB", 1),
                        tuple("leave it as it is", "0 B", 3));
    }

    @Test
    void aTargetThatIsForbiddenSaysWhy() throws IOException {
        Explanation explained =
                explain("hi", "forest lo{1M} <- mid{600M} <- hi{3M}", "max-depth 1", "protect mid", "direction pull");

        assertThat(explained.steps().getFirst().targets())
                .extracting(
                        target -> target.image().path() + ": " + target.whyNot().orElse("allowed"))
                .containsExactly(
                        "lo: the policy's direction is pull", "mid: the policy's direction is pull", "hi: allowed");
        assertThat(explained.chain().get(1).notWritten()).contains("p/mid is protected by 'mid'");
    }

    @Test
    void unsharingIsExplainedFromWhatTheTrunkWasBefore() throws IOException {
        Explanation explained =
                explain("c", "forest a{10M} <- b{5M} <- [c{2M} <- d{30M}, e{1M}]", "max-depth 1", "unshare");

        assertThat(explained.steps())
                .isNotEmpty()
                .allSatisfy(step -> assertThat(step.targets())
                        .filteredOn(Explanation.Target::chosen)
                        .singleElement()
                        .satisfies(target -> assertThat(target.bytesToWrite()).contains(step.bytesToWrite())));
        assertThat(explained.leaves()).containsExactly(new Plan.LeafDepth(ref("d"), 4, 1));
    }

    @Test
    void aLongChainIsAbridgedInText() throws IOException {
        Explanation explained = explain("active", "forest base{90M} <- 148 of (s#{1M}) <- active{20M}");

        List<String> text = ExplanationReport.of(explained, 20, 80);

        assertThat(text)
                .hasSizeLessThan(70)
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(80));
        assertThat(text).contains("  … 131 more …", "  p/active  20.0 MiB on disk", "  p/base  90.0 MiB on disk");
    }

    @Test
    void anImageThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> explain("nobody", "forest a <- b")).hasMessage("p/nobody is no image of these pools");
    }

    private static Explanation explain(String image, String... lines) throws IOException {
        DrawnFleet drawn = DrawnFleet.of(List.of(lines));
        return Explainer.of(ref(image), drawn.fleet().snapshot(), drawn.policy());
    }
}
