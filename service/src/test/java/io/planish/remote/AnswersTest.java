package io.planish.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.chain.Forest;
import io.planish.chain.PoolName;
import io.planish.grid.RealGrid;
import io.planish.job.Job;
import io.planish.job.JobRecord;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.PoolJobs;
import io.planish.ledger.Ledger;
import io.planish.plan.PoolState;
import io.planish.plan.Snapshot;
import io.planish.survey.AnswerFile;
import io.planish.survey.PoolAnswer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Questions and answers in a real grid; the test is the worker. */
class AnswersTest {
    @TempDir
    static Path folder;

    private static RealGrid real;
    private static Ledger ledger;

    @BeforeAll
    static void start() throws Exception {
        real = RealGrid.start(folder);
        ledger = real.ledger();
    }

    @AfterAll
    static void stop() {
        real.close();
    }

    @Test
    void anAnswerLargerThanAPartComesThroughAndIsGoneWhenTaken() throws Exception {
        Answers answers = new Answers(ledger.answers());
        Answers.Place place = new Answers.Place("run/scan", 1, 0);
        byte[] bytes = new byte[3 * Answers.PART_BYTES + 17];
        new Random(5).nextBytes(bytes);
        try (OutputStream out = answers.write(place)) {
            out.write(bytes[0]);
            out.write(bytes, 1, bytes.length - 1);
        }

        try (InputStream in = answers.read(place)) {
            assertThat(in.readAllBytes()).isEqualTo(bytes);
        }
        try (InputStream in = answers.take(place)) {
            assertThat(in.readAllBytes()).isEqualTo(bytes);
        }
        assertThat(ledger.answers().keys()).isEmpty();
        assertThatThrownBy(() -> answers.take(place).read()).isInstanceOf(Answers.GoneException.class);
    }

    @Test
    void aJobThatNobodyClaimsIsGivenUpAndNothingOfItStays() throws Exception {
        Surveys surveys = new Surveys(ledger, "test", Duration.ofMillis(300), Clock.systemUTC());
        Job scan = PoolJobs.scan(new PoolName("node"));
        try (Surveys.Survey survey = surveys.begin(List.of(scan))) {
            assertThat(ledger.jobs().keys()).hasSize(1);

            assertThatThrownBy(() -> survey.await(scan, Surveys.Waiting.PATIENTLY))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no worker that mounts it answered within 0 s (start one)");
        }
        assertThat(ledger.jobs().keys()).isEmpty();
        assertThat(ledger.runs().keys()).isEmpty();
    }

    @Test
    void anAnswerOfAnotherPoolThanTheOneThatIsMeantIsNotUsed() throws Exception {
        assertThat(joinedWithAPoolOfId("right-id").pools())
                .extracting(PoolState::id)
                .containsExactly("right-id");
        assertThatThrownBy(() -> joinedWithAPoolOfId("wrong-id"))
                .hasMessageContaining("pool node was looked at by a worker whose pool node has the id wrong-id where"
                        + " right-id was expected");
    }

    private Snapshot joinedWithAPoolOfId(String id) throws Exception {
        PoolName node = new PoolName("node");
        PoolState seen = new PoolState(node, id, true, 1, 0);
        Surveys surveys = new Surveys(ledger, "test", Duration.ofMinutes(1), Clock.systemUTC());
        Snapshot nothing = new Snapshot(
                "id",
                Instant.EPOCH,
                List.of(),
                Forest.of(List.of()),
                image -> {
                    throw new IOException();
                },
                Set.of(),
                List.of());
        // The asker looks whether to go on before each look at the ledger: then the worker's turn has come.
        Surveys.Waiting worker = () -> {
            for (JobRecord job : ledger.jobs().all().values()) {
                ledger.jobs().update(job.key(), r -> r.queue(r.job()));
                if (ledger.jobs().update(job.key(), r -> r.claim("w")).isPresent()) {
                    AnswerFile.write(
                            new PoolAnswer(node, Instant.EPOCH, List.of(seen), Set.of(), List.of(), List.of()),
                            new Answers(ledger.answers()).write(new Answers.Place(job.key(), 1, 0)));
                    JobResult done = new JobResult(new Outcome.Done(), Map.of(), List.of(), 0, 0, List.of());
                    ledger.jobs().update(job.key(), r -> r.ended("w", 1, done));
                }
            }
        };
        return new RemotePools(surveys, Map.of(node, "right-id"), Set.of(node)).joined(nothing, List.of(node), worker);
    }

    @Test
    void whatAWorkerCouldNotDoIsToldAndTheAttemptThatDidItIsNamed() throws Exception {
        Surveys surveys = new Surveys(ledger, "test", Duration.ofMinutes(1), Clock.systemUTC());
        Job scan = PoolJobs.scan(new PoolName("node"));
        Job read = PoolJobs.read(new PoolName("node"), List.of());
        try (Surveys.Survey survey = surveys.begin(List.of(scan, read))) {
            for (JobRecord job : ledger.jobs().all().values()) {
                Outcome outcome = job.job().equals(scan) ? new Outcome.Done() : new Outcome.Unknown("broke off");
                ledger.jobs().update(job.key(), r -> r.queue(r.job()));
                ledger.jobs().update(job.key(), r -> r.claim("w"));
                ledger.jobs()
                        .update(
                                job.key(),
                                r -> r.ended("w", 1, new JobResult(outcome, Map.of(), List.of(), 0, 0, List.of())));
            }

            assertThat(survey.await(scan, Surveys.Waiting.PATIENTLY)).isEqualTo(1);
            assertThatThrownBy(() -> survey.await(read, Surveys.Waiting.PATIENTLY))
                    .hasMessageContaining("UNKNOWN broke off");
        }
    }
}
