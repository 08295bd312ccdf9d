package io.planish.chain;

import static io.planish.chain.Chains.forest;
import static io.planish.chain.Chains.ref;
import static org.assertj.core.api.Assertions.assertThat;

import io.planish.job.SkipReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForestTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "base <- a", "base <- s1 <- [a, b]", "base <- [a <- [b, c], d <- e]"})
    void aDrawingIsReadBackAsItWasWritten(String drawing) {
        Forest forest = forest(drawing);

        assertThat(ChainText.tree(
                        forest,
                        forest.nodes().stream()
                                .filter(n -> n.backing().isEmpty())
                                .findFirst()
                                .orElseThrow()
                                .ref(),
                        n -> n.ref().path()))
                .isEqualTo(drawing);
    }

    @Test
    void aChainIsDrawnWithItsSharedFilesInBrackets() {
        Forest forest = forest("base <- s1 <- [a, b]");

        assertThat(ChainText.chain(forest, ref("a"), n -> n.ref().path())).isEqualTo("base <- [s1] <- a");
    }

    @Test
    void overlaysAndLeavesAreDerivedFromBackingLinks() {
        Forest forest = forest("base <- s1 <- [a, b <- c]", "alone");

        assertThat(forest.overlays(ref("s1"))).extracting(n -> n.ref().path()).containsExactly("a", "b");
        assertThat(forest.leaves()).extracting(n -> n.ref().path()).containsExactly("a", "alone", "c");
        assertThat(forest.trees()).hasSize(2);
    }

    @Test
    void aLoopIsFoundAndEveryWalkEnds() {
        List<ImageNode> nodes = List.of(
                Chains.node("a", Optional.of(ref("c"))),
                Chains.node("b", Optional.of(ref("a"))),
                Chains.node("c", Optional.of(ref("b"))),
                Chains.node("leaf", Optional.of(ref("b"))));

        Forest forest = Forest.of(nodes);

        assertThat(forest.nodes())
                .filteredOn(n -> n.problem(SkipReason.BACKING_LOOP).isPresent())
                .extracting(n -> n.ref().path())
                .containsExactly("a", "b", "c");
        assertThat(forest.chain(ref("leaf"))).hasSize(4);
        assertThat(forest.closed(ref("leaf"))).map(Problem::reason).contains(SkipReason.BACKING_LOOP);
    }

    @Test
    void aLoopThatNobodyHangsOnIsReportedOnce() {
        Forest forest =
                Forest.of(List.of(Chains.node("a", Optional.of(ref("b"))), Chains.node("b", Optional.of(ref("a")))));

        assertThat(forest.leaves()).extracting(n -> n.ref().path()).containsExactly("a");
        assertThat(forest.trees()).hasSize(1);
    }

    @Test
    void anImageThatBacksItselfIsALoop() {
        Forest forest = Forest.of(List.of(Chains.node("a", Optional.of(ref("a")))));

        assertThat(forest.closed(ref("a"))).map(Problem::reason).contains(SkipReason.BACKING_LOOP);
    }

    @Test
    void aFileReachedByAnotherNameIsTheSameNode() {
        List<ImageNode> nodes = new ArrayList<>(Chains.nodes("base"));
        ImageNode plain = Chains.node("real", Optional.of(ref("base")));
        nodes.add(new ImageNode(
                plain.ref(),
                List.of(ref("link")),
                plain.facts(),
                plain.format(),
                plain.virtualSizeBytes(),
                plain.clusterSizeBytes(),
                plain.allocatedBytes(),
                plain.filesystem(),
                plain.use(),
                plain.backing(),
                plain.traits(),
                plain.problems()));

        Forest forest = Forest.of(nodes);

        assertThat(forest.node(ref("link"))).map(ImageNode::ref).contains(ref("real"));
        assertThat(forest.overlays(ref("base"))).hasSize(1);
    }

    @Test
    void whatAnImageMayLeadToCountsAsHavingThatOverlay() {
        List<ImageNode> nodes = new ArrayList<>(Chains.nodes("base <- a", "other"));
        ImageNode unclear = Chains.node("unclear", Optional.empty())
                .withBacking(Optional.of(new BackingLink("json:{…}", Optional.empty(), List.of(ref("base")))));
        nodes.add(unclear);

        assertThat(Forest.of(nodes).overlays(ref("base")))
                .extracting(n -> n.ref().path())
                .containsExactly("a", "unclear");
    }
}
