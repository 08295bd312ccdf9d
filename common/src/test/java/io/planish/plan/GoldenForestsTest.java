package io.planish.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Forests as text and what is planned for them, as a person sees it in a terminal of 80 columns. Each file under {@code forests} has what is
 * said of it, the forest and the policy, a line of hyphens, and the plan; {@code -Dplanish.test.rewrite=true} writes the plans anew, for
 * review by eye.
 */
class GoldenForestsTest {
    private static final Path FOLDER = Path.of("src/test/resources/io/planish/plan/forests");
    private static final String RULE = "-".repeat(80);
    private static final int WIDTH = 80;

    static List<String> forests() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".txt"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("forests")
    void aForestIsPlannedAsItWasReviewed(String name) throws IOException {
        Path file = FOLDER.resolve(name);
        String text = Files.readString(file);
        String given = text.contains(RULE) ? text.substring(0, text.indexOf(RULE)) : text;

        String now = given.stripTrailing() + "\n" + RULE + "\n" + String.join("\n", planned(given)) + "\n";

        if (Boolean.getBoolean("planish.test.rewrite")) {
            Files.writeString(file, now);
        }
        assertThat(now).isEqualTo(text);
    }

    private static List<String> planned(String given) {
        DrawnFleet drawn = DrawnFleet.of(given.lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList());
        Snapshot snapshot = drawn.fleet().snapshot();
        return PlanReport.of(Planner.plan(snapshot, drawn.policy()), snapshot, false, WIDTH);
    }
}
