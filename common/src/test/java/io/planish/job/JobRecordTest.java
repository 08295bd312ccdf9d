package io.planish.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.ErrorKind;
import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JobRecordTest {
    private static final JobRecord BLOCKED = JobRecord.blocked("run", job("j", JobKind.PULL));
    private static final JobRecord QUEUED = BLOCKED.queue(BLOCKED.job()).orElseThrow();
    private static final JobRecord RUNNING = QUEUED.claim("w1").orElseThrow();

    @Test
    void onlyTheFirstClaimWins() {
        assertThat(RUNNING.claim("w2")).isEmpty();
        assertThat(BLOCKED.claim("w2")).isEmpty();
        assertThat(RUNNING.epoch()).isEqualTo(1);
    }

    @Test
    void everyTransitionChangesTheSequenceSoThatNoTwoStatesAreEqual() {
        assertThat(List.of(
                        BLOCKED,
                        QUEUED,
                        RUNNING,
                        RUNNING.beat("w1", 1, Progress.NONE).orElseThrow()))
                .extracting(JobRecord::sequence)
                .containsExactly(1L, 2L, 3L, 4L);
    }

    @Test
    void anAttemptThatLostItsLeaseChangesNothing() {
        JobRecord taken = RUNNING.expire(1, 0).orElseThrow().claim("w2").orElseThrow();

        assertThat(taken.epoch()).isEqualTo(2);
        assertThat(taken.beat("w1", 1, Progress.NONE)).isEmpty();
        assertThat(taken.ended("w1", 1, result(new Outcome.Done()))).isEmpty();
        assertThat(taken.beat("w2", 1, Progress.NONE)).isEmpty();
    }

    @Test
    void aLeaseThatWasRenewedMeanwhileIsNotTakenAway() {
        JobRecord renewed = RUNNING.beat("w1", 1, Progress.NONE).orElseThrow();

        assertThat(renewed.expire(1, 0)).isEmpty();
        assertThat(renewed.expire(1, 1)).isPresent();
    }

    @Test
    void fiveAttemptsWithoutProgressAreAFailure() {
        JobRecord job = QUEUED;
        for (int i = 1; i < JobRecord.BARREN_ATTEMPTS; i++) {
            job = job.claim("w").orElseThrow().expire(i, 0).orElseThrow();
            assertThat(job.state()).isInstanceOf(JobState.Queued.class);
        }
        job = job.claim("w").orElseThrow().expire(JobRecord.BARREN_ATTEMPTS, 0).orElseThrow();

        assertThat(job.outcome())
                .hasValueSatisfying(o -> assertThat(o)
                        .isInstanceOfSatisfying(
                                Outcome.Failed.class, f -> assertThat(f.kind()).isEqualTo(ErrorKind.LEASE_LOST)));
    }

    @Test
    void aCommitThatHasWrittenIsTriedAgainWhenItIsStaleForOnlyThatCanFinishIt() {
        JobRecord commit = JobRecord.blocked("run", job("c", JobKind.COMMIT))
                .queue(job("c", JobKind.COMMIT))
                .flatMap(r -> r.claim("w"))
                .orElseThrow();
        Outcome stale = new Outcome.Stale("a new overlay");
        JobResult untouched = result(stale);
        JobResult written = new JobResult(stale, Map.of(), List.of(), 4096, 0, List.of());

        assertThat(commit.ended("w", 1, untouched).flatMap(JobRecord::outcome)).contains(stale);
        assertThat(commit.ended("w", 1, written).orElseThrow().state()).isInstanceOf(JobState.Queued.class);
        assertThat(RUNNING.ended("w1", 1, written).flatMap(JobRecord::outcome)).contains(stale);
    }

    @Test
    void anAttemptWithProgressStartsTheCountAgain() {
        JobRecord job = QUEUED;
        for (int i = 1; i <= 20; i++) {
            job = job.claim("w")
                    .flatMap(r -> r.beat("w", r.epoch(), new Progress(r.epoch() * 100, 5000, 0)))
                    .flatMap(r -> r.ended("w", r.epoch(), result(new Outcome.Failed(ErrorKind.IO, "cable"))))
                    .orElseThrow();
            assertThat(job.state()).isInstanceOf(JobState.Queued.class);
            assertThat(job.barren()).isZero();
        }
        assertThat(job.settledBytes()).isEqualTo(2000);
    }

    @Test
    void aLockHeldByAnotherAttemptIsWaitedForAndNeverAnOutcome() {
        JobRecord job = QUEUED;
        for (int i = 1; i <= 20; i++) {
            job = job.claim("w")
                    .flatMap(r -> r.ended("w", r.epoch(), result(new Outcome.Failed(ErrorKind.IMAGE_IN_USE, "held"))))
                    .orElseThrow();
        }
        assertThat(job.state()).isInstanceOf(JobState.Queued.class);
    }

    @Test
    void anAttemptStoppedOnRequestGoesBackIntoTheQueueUnlessItWasCancelled() {
        JobResult stopped = result(new Outcome.Cancelled());

        assertThat(RUNNING.ended("w1", 1, stopped).orElseThrow().state()).isInstanceOf(JobState.Queued.class);
        assertThat(RUNNING.cancelled()
                        .orElseThrow()
                        .ended("w1", 1, stopped)
                        .orElseThrow()
                        .outcome())
                .contains(new Outcome.Cancelled());
    }

    @Test
    void aCommitThatWasEverClaimedCanOnlyBeFinished() {
        JobRecord queued = JobRecord.blocked("run", job("c", JobKind.COMMIT))
                .queue(job("c", JobKind.COMMIT))
                .orElseThrow();
        JobRecord back = queued.claim("w").orElseThrow().expire(1, 0).orElseThrow();

        assertThat(queued.cancelled().orElseThrow().outcome()).contains(new Outcome.Cancelled());
        assertThat(back.cancelled()).isEmpty();
        assertThat(back.isCancellable()).isFalse();
    }

    @Test
    void whatIsDoneOrUnknownIsNotTriedAgain() {
        assertThat(ended(new Outcome.Done()).retry()).isEmpty();
        assertThat(ended(new Outcome.Unknown("?")).retry()).isEmpty();
        assertThat(ended(new Outcome.Unknown("?"))
                        .resolved("looked")
                        .orElseThrow()
                        .retry())
                .isPresent();
        assertThat(ended(new Outcome.Stale("new overlay")).retry()).isPresent();
    }

    @Test
    void aRecordReadsBackAsItWasWrittenAndUnknownFieldsAreTolerated() throws Exception {
        ImageRef image = ImageRef.parse("gold/a.qcow2");
        JobResult result = new JobResult(
                new Outcome.Done(),
                Map.of(image, new FileFacts("id", 1, 2, 3, 4, 5)),
                List.of(image),
                6,
                7,
                List.of("note"));
        JobRecord record = RUNNING.ended("w1", 1, result).orElseThrow();

        String json = Json.MAPPER.writeValueAsString(record);
        assertThat(Json.MAPPER.readValue(json, JobRecord.class)).isEqualTo(record);
        assertThat(Json.MAPPER.readValue(json.replaceFirst("\\{", "{\"later\":{},"), JobRecord.class))
                .isEqualTo(record);
        for (JobRecord other : List.of(BLOCKED, QUEUED, RUNNING)) {
            assertThat(Json.MAPPER.readValue(Json.MAPPER.writeValueAsString(other), JobRecord.class))
                    .isEqualTo(other);
        }
    }

    private static JobRecord ended(Outcome outcome) {
        return RUNNING.ended("w1", 1, result(outcome)).orElseThrow();
    }

    private static JobResult result(Outcome outcome) {
        return new JobResult(outcome, Map.of(), List.of(), 0, 0, List.of());
    }

    private static Job job(String id, JobKind kind) {
        ImageRef target = ImageRef.parse("gold/a.qcow2");
        return new Job(
                id,
                kind,
                target,
                Optional.empty(),
                target,
                List.of(),
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(new Expectation(target, Optional.empty(), Optional.empty())),
                0,
                0);
    }
}
