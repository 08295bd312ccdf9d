package io.planish.coordinator.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.ImageRef;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobKind;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BusyTest {
    private static final ImageRef A = ImageRef.parse("p/a");
    private static final ImageRef B = ImageRef.parse("p/b");
    private static final ImageRef BASE = ImageRef.parse("p/base");

    private final Busy busy = new Busy();

    @Test
    void aPlanWaitsForTheImagesThatAJobChangesAndThatItReadsWhileItChangesThem() {
        busy.add(pull(A, BASE), 0);

        assertThat(busy.collisions(List.of(pull(A, BASE)), 0)).containsExactly(A);
        assertThat(busy.collisions(List.of(pull(B, A)), 0)).containsExactly(A);
        assertThat(busy.collisions(List.of(pull(BASE, B)), 0)).containsExactly(BASE);
        assertThat(busy.touchesAny(Set.of(A), 0)).isTrue();
    }

    @Test
    void twoThatOnlyReadTheSameBaseDoNotWaitForEachOther() {
        busy.add(pull(A, BASE), 0);

        assertThat(busy.collisions(List.of(pull(B, BASE)), 0)).isEmpty();
        assertThat(busy.touchesAny(Set.of(B), 0)).isFalse();
    }

    @Test
    void whatHasAHigherPriorityWaitsOnlyForWhatHasBegun() {
        busy.add(pull(A, BASE), 3);

        assertThat(busy.collisions(List.of(pull(A, BASE)), 4)).isEmpty();
        assertThat(busy.collisions(List.of(pull(A, BASE)), 3)).containsExactly(A);
        busy.add(pull(A, BASE), Integer.MAX_VALUE);
        assertThat(busy.collisions(List.of(pull(A, BASE)), 4)).containsExactly(A);
    }

    private static Job pull(ImageRef target, ImageRef base) {
        return new Job(
                "job",
                JobKind.PULL,
                target,
                Optional.empty(),
                target,
                List.of(),
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(new Expectation(base, Optional.empty(), Optional.empty())),
                0,
                0);
    }
}
