package io.planish.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.chain.PoolName;
import io.planish.job.Json;
import io.planish.plan.Policy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RunRecordTest {
    private static final RunRecord ASKED = RunRecord.asked(request("nightly"), "me", 1);
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
    void aRunThatWasNeverPlannedIsPlannedWhenItIsResumed() {
        assertThat(ASKED.paused().flatMap(RunRecord::resumed).orElseThrow().state())
                .isEqualTo(RunState.PLANNING);
    }

    @Test
    void aRunWhoseStaleTreesCannotBePlannedAgainEndsWithWhatItHasDone() {
        RunRecord stale =
                READY.replan().flatMap(r -> r.failed("the pool is away", 9)).orElseThrow();

        assertThat(stale.state()).isEqualTo(RunState.READY);
        assertThat(stale.replan()).isEmpty();
        assertThat(stale.error()).contains("the pool is away");
    }

    @Test
    void aRunIsNotOverWhileAJobIsToBeTriedAgain() {
        RunRecord again = READY.finished(List.of(), 9)
                .flatMap(r -> r.retrying(List.of("b")))
                .orElseThrow();

        assertThat(again.state()).isEqualTo(RunState.READY);
        assertThat(again.finished(List.of(), 9)).isEmpty();
        assertThat(again.retried(List.of("b")).flatMap(r -> r.finished(List.of(), 9)))
                .isPresent();
        assertThat(READY.cancelling().flatMap(r -> r.retrying(List.of("b")))).isEmpty();
    }

    @Test
    void whatAnEarlierVersionWroteIsRead() throws Exception {
        RunRecord read = Json.MAPPER.readValue("""
                {"version":1,"id":"a","request":{"version":1,"id":"a","origin":"API","pools":["gold"],"policy":"default","keep":[],"protect":[]},
                 "state":"READY","generation":1,"jobs":["j"],"earlier":0,"plan":"p","scanned":[],"outcomes":{},"unresolved":[],
                 "createdMillis":1,"endedMillis":0,"sequence":4}""", RunRecord.class);

        assertThat(read.limits()).isEqualTo(RunLimits.NONE);
        assertThat(read.retrying()).isEmpty();
        assertThat(read.by()).isEmpty();
        assertThat(read.request().priority()).isZero();
    }

    @Test
    void aRecordReadsBackAsItWasWritten() throws Exception {
        RunLimits limits = new RunLimits(Map.of(), Optional.of(new Window("22:00-06:00", "Europe/Berlin")));
        for (RunRecord run : List.of(
                ASKED,
                READY,
                READY.limited(limits).orElseThrow(),
                ASKED.failed("no pool", 2).orElseThrow())) {
            assertThat(Json.MAPPER.readValue(Json.MAPPER.writeValueAsBytes(run), RunRecord.class))
                    .isEqualTo(run);
        }
    }

    @Test
    void aRequestWhoseIdIsNoNameIsRefused() {
        assertThatThrownBy(() -> request("../x")).hasMessageContaining("id '../x'");
    }

    private static RunRequest request(String id) {
        return RunRequest.of(id, RunRequest.Origin.SCHEDULE, List.of(new PoolName("gold")), "default");
    }
}
