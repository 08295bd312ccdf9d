package io.planish.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.chain.PoolName;
import io.planish.job.Json;
import io.planish.plan.Policy;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RunRecordTest {
    private static final RunRecord ASKED = RunRecord.asked(request("nightly"), 1);
    private static final RunRecord READY =
            ASKED.ready("p1", Policy.DEFAULT, List.of(), List.of("a", "b")).orElseThrow();

    @Test
    void staleTreesArePlannedAgainOnce() {
        RunRecord again = READY.replan()
                .orElseThrow()
                .ready("p2", Policy.DEFAULT, List.of(), List.of("c"))
                .orElseThrow();

        assertThat(again.jobs()).containsExactly("a", "b", "c");
        assertThat(again.replan()).isEmpty();
    }

    @Test
    void aRunThatIsOverIsNeitherPausedNorCancelledNorPlanned() {
        RunRecord over = READY.finished(List.of(), 9).orElseThrow();

        assertThat(over.paused()).isEmpty();
        assertThat(over.cancelling()).isEmpty();
        assertThat(over.ready("p", Policy.DEFAULT, List.of(), List.of())).isEmpty();
        assertThat(over.failed("x", 9)).isEmpty();
        assertThat(over.state().isOver()).isTrue();
    }

    @Test
    void aPausedRunGoesOnOrIsCancelled() {
        RunRecord paused = READY.paused().orElseThrow();

        assertThat(paused.resumed().orElseThrow().state()).isEqualTo(RunState.READY);
        assertThat(paused.cancelling().orElseThrow().state()).isEqualTo(RunState.CANCELLING);
        assertThat(paused.finished(List.of(), 9)).isEmpty();
    }

    @Test
    void aRecordReadsBackAsItWasWritten() throws Exception {
        for (RunRecord run : List.of(ASKED, READY, ASKED.failed("no pool", 2).orElseThrow())) {
            assertThat(Json.MAPPER.readValue(Json.MAPPER.writeValueAsBytes(run), RunRecord.class))
                    .isEqualTo(run);
        }
    }

    @Test
    void aRequestWhoseIdIsNoNameIsRefused() {
        assertThatThrownBy(() -> request("../x")).hasMessageContaining("id '../x'");
    }

    private static RunRequest request(String id) {
        return new RunRequest(
                1,
                id,
                RunRequest.Origin.SCHEDULE,
                List.of(new PoolName("gold")),
                Optional.empty(),
                "default",
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }
}
