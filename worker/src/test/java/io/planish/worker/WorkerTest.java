package io.planish.worker;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;

import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.engine.Attempt;
import io.planish.engine.CheckpointStore;
import io.planish.engine.EngineOptions;
import io.planish.engine.JobRunner;
import io.planish.engine.Sweep;
import io.planish.fleet.Qemu;
import io.planish.job.Checkpoint;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.JobRecord;
import io.planish.job.JobResult;
import io.planish.job.JobState;
import io.planish.job.Json;
import io.planish.job.Offer;
import io.planish.job.Outcome;
import io.planish.job.SkipReason;
import io.planish.ledger.Ledger;
import io.planish.plan.Direction;
import io.planish.plan.Plan;
import io.planish.plan.Planner;
import io.planish.plan.Policy;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.planish.scan.HeadReader;
import io.planish.scan.OverlaySweep;
import io.planish.scan.Scanner;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import io.planish.topic.Listener;
import io.planish.topic.Publisher;
import io.planish.topic.Topics;
import io.planish.worker.checkpoint.GridCheckpoints;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.common.annotation.Identifier;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.assertj.core.api.Assertions;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.infinispan.client.hotrod.RemoteCacheManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The worker with a real broker, a real grid and real images; the test is the coordinator. */
@QuarkusTest
@QuarkusTestResource(RealStack.class)
class WorkerTest {
    private static final PoolName GOLD = new PoolName("gold");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Inject
    RemoteCacheManager grid;

    @Inject
    @Identifier("default-kafka-broker")
    Map<String, Object> kafka;

    @ConfigProperty(name = "test.pool")
    Path pool;

    private Ledger ledger;
    private Publisher publisher;

    @BeforeEach
    void open() {
        ledger = Ledger.of(grid, Duration.ofSeconds(10));
        publisher = new Publisher(kafka);
    }

    @AfterEach
    void close() {
        publisher.close();
    }

    @Test
    void theSameOfferManyTimesIsOneMergeAndTheContentStays() throws Exception {
        Qemu.chain(pool, "twice-0", "twice-1", "twice-2", "twice-3");
        Path before = pool.resolveSibling("twice.qcow2");
        Qemu.img("convert", "-O", "qcow2", pool.resolve("twice-3"), before);
        JobRecord queued = queued("twice", "twice-3");
        Offer offer = new Offer(Offer.VERSION, "twice", queued.job().id(), 0);
        for (int i = 0; i < 5; i++) {
            publisher.send(Topics.jobs(GOLD), "key" + i, offer);
        }
        JobRecord done = ended(queued);
        publisher.send(Topics.jobs(GOLD), "late", offer);
        JobRecord next = queued("twice-after", "none");
        publisher.send(
                Topics.jobs(GOLD),
                "late",
                new Offer(Offer.VERSION, "twice-after", next.job().id(), 0));

        assertThat(ended(next).epoch()).isEqualTo(1);
        assertThat(done.outcome()).contains(new Outcome.Done());
        assertThat(done.epoch()).isEqualTo(1);
        assertThat(ledger.jobs().get(queued.key())).contains(done);
        Qemu.img("check", "-q", pool.resolve("twice-3"));
        Qemu.img("compare", "-q", pool.resolve("twice-3"), before);
        assertThat(ledger.checkpoints().get(queued.key())).isEmpty();
    }

    @Test
    void hooksAreAskedBeforeAJobAndToldAfterwards() throws Exception {
        Qemu.chain(pool, "hooks-0", "hooks-1", "hooks-2", "hooks-3");
        byte[] bytes = Files.readAllBytes(pool.resolve("hooks-3"));
        JobRecord refused = queued("refused", "hooks-3");
        publisher.send(
                Topics.jobs(GOLD),
                "hook",
                new Offer(Offer.VERSION, "refused", refused.job().id(), 0));

        assertThat(ended(refused).outcome().orElseThrow())
                .isInstanceOfSatisfying(
                        Outcome.Skipped.class,
                        skipped -> assertThat(skipped.reason()).isEqualTo(SkipReason.HOOK));
        assertThat(Files.readAllBytes(pool.resolve("hooks-3"))).isEqualTo(bytes);

        JobRecord allowed = queued("allowed", "hooks-3");
        publisher.send(
                Topics.jobs(GOLD),
                "hook",
                new Offer(Offer.VERSION, "allowed", allowed.job().id(), 0));

        assertThat(ended(allowed).outcome()).contains(new Outcome.Done());
        assertThat(Files.readString(pool.resolveSibling("told")))
                .contains("\"event\":\"after\",\"run\":\"allowed\"")
                .doesNotContain("\"run\":\"refused\"");
    }

    @Test
    void whatSomethingOutsideRefersToSinceThePlanWasMadeIsNotTouched() throws Exception {
        Qemu.chain(pool, "refer-0", "refer-1", "refer-2", "refer-3");
        JobRecord queued = queued("referred", planned(ImageRef.parse("gold/refer-3"), true));
        Path references = pool.resolveSibling("references");
        Files.writeString(
                references, pool.resolve("refer-1") + "\n" + pool.resolve("refer-2") + "\n" + pool.resolve("refer-0"));
        try {
            publisher.send(
                    Topics.jobs(GOLD),
                    "refer",
                    new Offer(Offer.VERSION, "referred", queued.job().id(), 0));

            assertThat(ended(queued).outcome().orElseThrow().toString()).contains("something outside refers to");
            assertThat(pool.resolve("refer-1")).exists();
            Qemu.img("check", "-q", pool.resolve("refer-3"));
        } finally {
            Files.writeString(references, "");
        }
    }

    @Test
    void anOfferOfARunThatIsPausedOrOfAnEarlierAttemptIsPassedOver() throws Exception {
        JobRecord paused = queued("paused", "none");
        ledger.runs().update("paused", RunRecord::paused);
        JobRecord early = queued("early", "none");
        JobRecord last = queued("last", "none");
        publisher.send(
                Topics.jobs(GOLD),
                "same",
                new Offer(Offer.VERSION, "paused", paused.job().id(), 0));
        publisher.send(
                Topics.jobs(GOLD),
                "same",
                new Offer(Offer.VERSION, "early", early.job().id(), 7));
        publisher.send(
                Topics.jobs(GOLD),
                "same",
                new Offer(Offer.VERSION, "last", last.job().id(), 0));

        assertThat(ended(last).epoch()).isEqualTo(1);
        assertThat(ledger.jobs().get(paused.key())).contains(paused);
        assertThat(ledger.jobs().get(early.key())).contains(early);
    }

    @Test
    void whatIsNoOfferIsBuriedWithItsReasonAndTheNextOneIsTaken() throws Exception {
        List<String> reasons = new CopyOnWriteArrayList<>();
        try (Listener dead = new Listener(
                List.of(Topics.DEAD),
                Optional.empty(),
                kafka,
                r -> reasons.add(
                        new String(r.headers().lastHeader(Topics.REASON).value(), StandardCharsets.UTF_8)))) {
            await().atMost(PATIENCE).until(dead::isListening);
            publisher.send(Topics.jobs(GOLD), "bad", "no offer at all");
            publisher.send(Topics.jobs(GOLD), "bad", Map.of("version", 1, "run", "x"));
            JobRecord good = queued("good", "none");
            publisher.send(
                    Topics.jobs(GOLD),
                    "bad",
                    new Offer(Offer.VERSION, "good", good.job().id(), 0));

            assertThat(ended(good).epoch()).isEqualTo(1);
            assertThat(reasons).hasSize(2).allMatch(r -> r.startsWith("no offer: "));
        }
    }

    /** What the ledger says of a job that has begun. */
    enum Ledgers {
        LOST,
        OLDER,
        ENDED_AS_IF_IT_HAD_NOT_BEGUN
    }

    @ParameterizedTest
    @EnumSource
    void aBegunJobIsFinishedWhateverTheLedgerSaysOfIt(Ledgers ledgers) throws Exception {
        String run = "run-" + ledgers;
        String name = "fgt" + ledgers.ordinal() + "-";
        Qemu.chain(pool, name + "0", name + "1", name + "2");
        Path before = pool.resolveSibling(run + ".qcow2");
        Qemu.img("convert", "-O", "qcow2", pool.resolve(name + "2"), before);
        Job job = planned(
                ImageRef.parse("gold/" + name + "2"),
                true,
                Policy.DEFAULT.change().direction(Direction.COMMIT).build());
        Storage storage = new LinuxStorage();
        Pools pools = open(storage, true);
        PathGate gate = new PathGate(storage, pools);
        Clock clock = Clock.systemUTC();
        Sweep sweep = new OverlaySweep(storage, pools, gate, new HeadReader(storage, clock), 1);
        JobRunner runner = new JobRunner(storage, pools, gate, sweep, EngineOptions.DEFAULT);
        if (ledgers == Ledgers.LOST) {
            ledger.checkpoints()
                    .put(
                            JobRecord.key(run, job.id()),
                            new Checkpoint(Checkpoint.VERSION, job.id(), 3, Checkpoint.Phase.MERGE, 0, "another", 0));
        } else {
            queued(run, job);
        }

        JobResult begun = runner.run(job, new StoppedAtOnce(run, new GridCheckpoints(ledger.checkpoints(), run)));

        assertThat(job.kind()).isEqualTo(JobKind.COMMIT);
        assertThat(begun.outcome()).isEqualTo(new Outcome.Cancelled());
        switch (ledgers) {
            case LOST -> assertThat(runner.begun(pools.get(GOLD))).hasSize(1);
            case OLDER -> {
                publisher.send(Topics.jobs(GOLD), "x", new Offer(Offer.VERSION, run, job.id(), 0));
                assertThat(ended(ledger.jobs().get(JobRecord.key(run, job.id())).orElseThrow())
                                .outcome())
                        .contains(new Outcome.Done());
            }
            case ENDED_AS_IF_IT_HAD_NOT_BEGUN ->
                assertThat(ledger.jobs().update(JobRecord.key(run, job.id()), JobRecord::cancelled))
                        .isPresent();
        }
        await().atMost(PATIENCE).until(() -> runner.begun(pools.get(GOLD)).isEmpty());
        // The intent goes before the locks do.
        await().atMost(PATIENCE)
                .ignoreException(IOException.class)
                .until(() -> !Qemu.img("check", pool.resolve(name + "2")).isEmpty());
        Qemu.img("compare", "-q", pool.resolve(name + "2"), before);
        assertThat(runner.isFinished(job)).isTrue();
    }

    private record StoppedAtOnce(String run, CheckpointStore checkpoints) implements Attempt {
        @Override
        public long epoch() {
            return 0;
        }

        @Override
        public void mayContinue() {}

        @Override
        public boolean stopRequested() {
            return true;
        }

        @Override
        public void progress(long guestBytesDone, long guestBytesTotal, long bytesCopied) {}
    }

    @Test
    void aCheckpointOfALaterAttemptIsNotOverwritten() throws Exception {
        GridCheckpoints checkpoints = new GridCheckpoints(ledger.checkpoints(), "run");
        checkpoints.save(checkpoint(2, 100));
        checkpoints.save(checkpoint(2, 200));

        Assertions.assertThatThrownBy(() -> checkpoints.save(checkpoint(1, 300)))
                .isInstanceOf(ImageException.class);
        assertThat(checkpoints.load("job")).contains(checkpoint(2, 200));
        checkpoints.drop("job");
        assertThat(checkpoints.load("job")).isEmpty();
    }

    @Test
    void healthAndMetricsAreServed() throws Exception {
        JobRecord counted = queued("counted", "none");
        publisher.send(
                Topics.jobs(GOLD),
                "x",
                new Offer(Offer.VERSION, "counted", counted.job().id(), 0));
        assertThat(ended(counted).epoch()).isEqualTo(1);

        given().get("/q/health/ready").then().statusCode(200);
        await().atMost(PATIENCE)
                .untilAsserted(() -> given().get("/q/metrics")
                        .then()
                        .statusCode(200)
                        .body(
                                containsString("planish_attempts_ended_total{outcome=\"STALE\"}"),
                                containsString("planish_attempts_ended_total{outcome=\"UNKNOWN\"} 0.0")));
    }

    /** A job in the queue of a run of its own: the plan's for a chain that ends in the image, else one that is stale at once. */
    private JobRecord queued(String run, String image) throws Exception {
        return queued(
                run, Files.exists(pool.resolve(image)) ? planned(ImageRef.parse("gold/" + image), false) : nothing());
    }

    private JobRecord queued(String run, Job job) throws Exception {
        RunRequest request = RunRequest.of(run, RunRequest.Origin.API, List.of(GOLD), "default");
        RunRecord ready = RunRecord.asked(request, "me", 1)
                .ready("plan", Policy.DEFAULT, List.of(GOLD), List.of(job.id()))
                .orElseThrow();
        JobRecord queued = JobRecord.blocked(run, job).queue(job).orElseThrow();
        ledger.runs().put(run, ready);
        ledger.jobs().put(queued.key(), queued);
        return queued;
    }

    /** @param complete whether layers may end */
    private Job planned(ImageRef leaf, boolean complete) throws Exception {
        return planned(leaf, complete, Policy.DEFAULT);
    }

    private Job planned(ImageRef leaf, boolean complete, Policy policy) throws Exception {
        Storage storage = new LinuxStorage();
        Pools pools = open(storage, complete);
        Clock clock = Clock.systemUTC();
        Scanner scanner =
                new Scanner(storage, pools, new PathGate(storage, pools), new HeadReader(storage, clock), clock, 2);
        Plan plan = Planner.plan(scanner.scan(), policy);
        return plan.jobs().stream()
                .filter(j -> j.expects().stream()
                        .anyMatch(e -> e.image().path().startsWith(leaf.path().substring(0, 5))))
                .findFirst()
                .orElseThrow();
    }

    private Pools open(Storage storage, boolean complete) throws Exception {
        return Pools.open(
                storage,
                List.of(new PoolConfig(GOLD, pool, Optional.empty(), complete, Optional.empty(), Optional.empty())),
                Pools.MissingMarker.REFUSE);
    }

    private static Job nothing() throws Exception {
        return Json.MAPPER.readValue("""
                {"id":"nothing","kind":"PULL","target":"gold/none","top":"gold/none","relinks":[],"retires":[],
                 "dependsOn":[],"expects":[{"image":"gold/none"}],"bytesToWrite":0,"bytesToFree":0}
                """, Job.class);
    }

    private JobRecord ended(JobRecord job) throws Exception {
        return await().atMost(PATIENCE)
                .until(() -> ledger.jobs().get(job.key()).orElseThrow(), r -> r.state() instanceof JobState.Finished);
    }

    private static Checkpoint checkpoint(long epoch, long below) {
        return new Checkpoint(Checkpoint.VERSION, "job", epoch, Checkpoint.Phase.MERGE, below, "digest", below);
    }
}
