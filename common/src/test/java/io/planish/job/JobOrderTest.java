package io.planish.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JobOrderTest {
    @Test
    void jobsThatOnlyReadTheSameBaseRunSideBySide() {
        JobOrder order = JobOrder.of(List.of(pull("j1", "base", "a"), pull("j2", "base", "b")));
        assertThat(order.before("j1")).isEmpty();
        assertThat(order.before("j2")).isEmpty();
    }

    @Test
    void whatReadsWhatAnotherWritesComesAfterIt() {
        JobOrder order = JobOrder.of(List.of(pull("j1", "base", "a"), pull("j2", "a", "b"), pull("j3", "base", "c")));
        assertThat(order.before("j2")).containsExactly("j1");
        assertThat(order.before("j3")).isEmpty();
        assertThat(order.after("j1")).containsExactly("j2");
    }

    @Test
    void whatWritesComesAfterAllThatWereToReadBefore() {
        JobOrder order = JobOrder.of(List.of(
                pull("j1", "base", "a"), pull("j2", "base", "b"), pull("j3", "root", "base"), pull("j4", "base", "c")));
        assertThat(order.before("j3")).containsExactlyInAnyOrder("j1", "j2");
        assertThat(order.before("j4")).containsExactly("j3");
    }

    @Test
    void aDependencyIsWaitedForWithoutACommonImage() {
        Job second = new Job(
                "j2",
                JobKind.PULL,
                ref("x"),
                Optional.empty(),
                ref("x"),
                List.of(),
                Optional.empty(),
                List.of(),
                List.of("j1"),
                List.of(),
                0,
                0);
        assertThat(JobOrder.of(List.of(pull("j1", "base", "a"), second)).before("j2"))
                .containsExactly("j1");
    }

    private static Job pull(String id, String base, String target) {
        return new Job(
                id,
                JobKind.PULL,
                ref(target),
                Optional.of(ref(base)),
                ref(target),
                List.of(),
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(new Expectation(ref(target), Optional.of(ref(base)), Optional.empty())),
                0,
                0);
    }

    private static ImageRef ref(String name) {
        return new ImageRef(new PoolName("p"), name);
    }
}
