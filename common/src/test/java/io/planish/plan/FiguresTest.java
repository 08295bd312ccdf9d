package io.planish.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The figures of {@code docs/planner.md} are what is planned for the forests they show; {@code -Dplanish.test.rewrite=true} draws them anew. */
class FiguresTest {
    private static final Path FORESTS = Path.of("src/test/resources/io/planish/plan/forests");
    private static final Path FIGURES = Path.of("../docs/figures");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "commit-1-all-layers-into-the-base",
                "commit-2-two-layers-into-the-base",
                "commit-3-one-layer-into-the-base",
                "commit-4-one-layer-into-the-next",
                "commit-5-the-upper-layer-down",
                "commit-6-two-layers-at-once",
                "commit-active",
                "commit-under-a-fork",
                "pull-to-base",
                "pull-all",
                "pull-from-shared",
                "fork-trunk-shortened-once",
                "design-middle-target",
                "kept-layers"
            })
    void aFigureShowsWhatIsPlanned(String name) throws IOException {
        DrawnFleet drawn = DrawnFleet.of(Files.readString(FORESTS.resolve(name + ".txt"))
                .lines()
                .takeWhile(line -> !line.startsWith("---"))
                .filter(line -> !line.startsWith("#"))
                .toList());
        Snapshot snapshot = drawn.fleet().snapshot();
        String figure = Figure.of(snapshot, Planner.plan(snapshot, drawn.policy()));
        Path file = FIGURES.resolve(name + ".svg");

        if (Boolean.getBoolean("planish.test.rewrite")) {
            Files.writeString(file, figure);
        }

        assertThat(figure).isEqualTo(Files.readString(file));
    }
}
