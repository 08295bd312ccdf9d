package io.planish.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FootprintTest {
    @Test
    void twoPullsThatReadTheSameBaseDoNotCollide() {
        assertThat(Footprint.of(pull("p/a", "p/base")).collidesWith(Footprint.of(pull("p/b", "p/base"))))
                .isFalse();
    }

    @Test
    void aJobThatWritesWhatTheOtherReadsCollides() {
        Footprint writer = Footprint.of(pull("p/base", "p/root"));
        Footprint reader = Footprint.of(pull("p/a", "p/base"));

        assertThat(writer.collidesWith(reader)).isTrue();
        assertThat(reader.collidesWith(writer)).isTrue();
    }

    @Test
    void whatADependencyTouchedIsExpectedAsItsNewestResultSays() {
        FileFacts early = new FileFacts("id", 1, 1, 1, 1, 1);
        FileFacts late = new FileFacts("id", 1, 1, 2, 2, 2);
        ImageRef base = ImageRef.parse("p/base");

        Job filled = Expectations.filled(pull("p/a", "p/base"), List.of(result(base, early), result(base, late)));

        assertThat(filled.expects().getFirst().unchanged()).contains(late);
        assertThat(filled.expects().getLast().unchanged()).isEmpty();
    }

    private static JobResult result(ImageRef image, FileFacts facts) {
        return new JobResult(new Outcome.Done(), Map.of(image, facts), List.of(), 0, 0, List.of());
    }

    private static Job pull(String target, String base) {
        ImageRef t = ImageRef.parse(target);
        ImageRef b = ImageRef.parse(base);
        return new Job(
                "j",
                JobKind.PULL,
                t,
                Optional.empty(),
                t,
                List.of(),
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(
                        new Expectation(b, Optional.empty(), Optional.empty()),
                        new Expectation(t, Optional.of(b), Optional.empty())),
                0,
                0);
    }
}
