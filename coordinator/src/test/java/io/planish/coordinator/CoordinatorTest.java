package io.planish.coordinator;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.chain.PoolName;
import io.planish.coordinator.ledger.Leadership;
import io.planish.coordinator.request.RunOnce;
import io.planish.fleet.Qemu;
import io.planish.job.JobKind;
import io.planish.job.JobRecord;
import io.planish.job.JobResult;
import io.planish.job.JobState;
import io.planish.job.Json;
import io.planish.job.Offer;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.job.Progress;
import io.planish.job.SkipReason;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.plan.Plan;
import io.planish.run.Event;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.planish.run.RunState;
import io.planish.topic.Listener;
import io.planish.topic.Publisher;
import io.planish.topic.Topics;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import io.smallrye.common.annotation.Identifier;
import jakarta.inject.Inject;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The coordinator with a real broker, a real grid and real images; the test is the worker. */
@QuarkusTest
@QuarkusTestResource(RealStack.class)
class CoordinatorTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Inject
    Ledger ledger;

    @Inject
    Publisher publisher;

    @Inject
    @Identifier("default-kafka-broker")
    Map<String, Object> kafka;

    @Inject
    RunOnce runOnce;

    @ConfigProperty(name = "test.pool")
    Path pool;

    @BeforeAll
    static void patience() {
        org.awaitility.Awaitility.setDefaultTimeout(PATIENCE);
        org.awaitility.Awaitility.setDefaultPollInterval(Duration.ofMillis(100));
    }

    @Test
    void aRequestLeadsToARunWhoseJobsAreOfferedAndWhoseEndIsTold() throws Exception {
        Qemu.chain(pool, "told-base", "told-a", "told-b", "told-c");
        List<Offer> offers = new CopyOnWriteArrayList<>();
        List<Event> events = new CopyOnWriteArrayList<>();
        try (Listener jobs = heard("planish.jobs.gold", Offer.class, offers);
                Listener told = heard(Topics.EVENTS, Event.class, events)) {
            given().contentType(ContentType.JSON)
                    .body("{\"id\":\"told\",\"pool\":\"gold\",\"image\":\"told-c\"}")
                    .post("/api/v1/requests")
                    .then()
                    .statusCode(202)
                    .header("Location", endsWith("/api/v1/requests/told"));

            Offer offer = await().until(
                            () -> offers.stream()
                                    .filter(o -> o.run().equals("request-told"))
                                    .findFirst(),
                            Optional::isPresent)
                    .orElseThrow();
            JobRecord claimed = ledger.jobs()
                    .update(JobRecord.key(offer.run(), offer.job()), r -> r.claim("me"))
                    .orElseThrow();
            ledger.jobs().update(claimed.key(), r -> r.ended("me", claimed.epoch(), done()));

            await().untilAsserted(() -> assertThat(events)
                    .anyMatch(e -> e.type() == Event.Type.JOB_ENDED
                            && e.job().equals(Optional.of(offer.job()))
                            && e.outcome().equals("DONE")));
        }
        given().get("/api/v1/requests/told").then().statusCode(200).body("id", equalTo("request-told"));
        given().queryParam("run", "request-told").get("/api/v1/jobs").then().body("state.state", hasItem("FINISHED"));
    }

    @Test
    void theSameRequestTwiceIsOneRunAndAnotherUnderItsIdIsRefusedAndAnImageThatIsNotThereIsNamed() throws Exception {
        String body = "{\"id\":\"twice\",\"pool\":\"gold\",\"image\":\"nothing-there\"}";
        publisher.send(Topics.REQUESTS, "twice", Json.MAPPER.readTree(body));
        publisher.send(Topics.REQUESTS, "twice", Json.MAPPER.readTree(body));
        given().contentType(ContentType.JSON)
                .body(body)
                .post("/api/v1/requests")
                .then()
                .statusCode(202);

        await().until(
                        () -> ledger.runs().get("request-twice").map(RunRecord::state),
                        Optional.of(RunState.FAILED)::equals);
        given().get("/api/v1/requests/twice")
                .then()
                .body("error", containsString("there is no image gold/nothing-there"));
        given().get("/api/v1/requests").then().body("findAll { it.id == 'request-twice' }", hasSize(1));
        given().contentType(ContentType.JSON)
                .body("{\"id\":\"twice\",\"pool\":\"gold\"}")
                .post("/api/v1/requests")
                .then()
                .statusCode(400)
                .contentType("application/problem+json")
                .body("detail", containsString("used before"));
    }

    @Test
    void aRequestMayOnlyTightenItsPolicyAndAnUnknownKeyIsNamed() {
        refused("{\"pool\":\"gold\",\"tighten\":{\"maxDepth\":1}}")
                .body("detail", equalTo("tighten.maxDepth is 1, which allows more than the policy's 2"));
        refused("{\"pool\":\"gold\",\"protekt\":[\"*\"]}")
                .body("detail", containsString("'protekt' is no known key (there are id, image, keep, "));
        refused("{\"pool\":\"gold\",\"tighten\":{\"max-depth\":3}}")
                .body("detail", containsString("'max-depth' is no known key (there are budgetByPool, budgetBytes, "));
        refused("{\"pool\":\"gold\",\"tighten\":{\"budgetByPool\":{\"glod\":1}}}")
                .body(
                        "detail",
                        containsString("tighten.budgetByPool: pool 'glod' is not configured; there are [bronze, "));
        refused("{\"pool\":\"gold\",\"policy\":\"careful\",\"limits\":{\"canary\":2}}")
                .body("detail", equalTo("limits.canary is 2, which allows more than the policy's 1"));
    }

    private static ValidatableResponse refused(String request) {
        return given().contentType(ContentType.JSON)
                .body(request)
                .post("/api/v1/requests")
                .then()
                .statusCode(400)
                .contentType("application/problem+json");
    }

    @Test
    void whatIsNoRequestIsBuriedWithItsReason() throws Exception {
        List<String> reasons = new CopyOnWriteArrayList<>();
        try (Listener dead = new Listener(List.of(Topics.DEAD), Optional.empty(), kafka, r -> reasons.add(reason(r)))) {
            ready(dead);
            publisher.send(Topics.REQUESTS, "x", "not a request");
            publisher.send(Topics.REQUESTS, "z", Map.of("id", "", "pool", "gold"));
            publisher.send(Topics.REQUESTS, "y", Map.of("id", "y", "pool", "nowhere"));

            await().untilAsserted(() -> assertThat(reasons)
                    .anyMatch(r -> r.startsWith("no request"))
                    .anyMatch(r -> r.contains("'id' is empty"))
                    .anyMatch(r -> r.startsWith("refused: pool 'nowhere' is not configured")));
        }
    }

    @Test
    void aJobWhoseWorkerIsGoneGoesBackIntoTheQueueAndIsOfferedAgain() throws Exception {
        Qemu.chain(pool, "gone-base", "gone-a", "gone-b", "gone-c");
        List<Offer> offers = new CopyOnWriteArrayList<>();
        try (Listener jobs = heard("planish.jobs.gold", Offer.class, offers)) {
            given().contentType(ContentType.JSON)
                    .body("{\"id\":\"gone\",\"pool\":\"gold\",\"image\":\"gone-c\"}")
                    .post("/api/v1/requests")
                    .then()
                    .statusCode(202);
            Offer first = await().until(
                            () -> offers.stream()
                                    .filter(o -> o.run().equals("request-gone"))
                                    .findFirst(),
                            Optional::isPresent)
                    .orElseThrow();
            String key = JobRecord.key(first.run(), first.job());
            assertThat(ledger.jobs().update(key, r -> r.claim("dead"))).isPresent();
            ledger.jobs().update(key, r -> r.beat("dead", 1, new Progress(5, 10, 5)));

            await().untilAsserted(() -> assertThat(offers).contains(new Offer(1, first.run(), first.job(), 1)));
            JobRecord again = ledger.jobs().get(key).orElseThrow();
            assertThat(again.state()).isInstanceOf(JobState.Queued.class);
            assertThat(again.settledBytes()).isEqualTo(5);
            assertThat(ledger.jobs().update(key, r -> r.ended("dead", 1, done())))
                    .isEmpty();
        }
        given().post("/api/v1/runs/request-gone/cancel").then().statusCode(200);
        await().until(() -> ledger.runs().get("request-gone").map(r -> r.state().isOver()), Optional.of(true)::equals);
    }

    @Test
    void whatSomethingOutsideRefersToStaysInAnyPlan() throws Exception {
        Path bronze = pool.resolveSibling("bronze");
        Path references = pool.resolveSibling("references");
        Qemu.chain(bronze, "refer-base", "refer-a", "refer-b", "refer-c");
        planOf("bronze").body("plan.ends.image", hasItem("bronze/refer-a"));
        Files.writeString(references, bronze.resolve("refer-a") + "\n");
        try {
            planOf("bronze")
                    .body("plan.ends.image", not(hasItem("bronze/refer-a")))
                    .body("plan.stays.find { it.image == 'bronze/refer-a' }.reason", equalTo("REFERENCED"));
        } finally {
            Files.writeString(references, "");
        }
    }

    private static ValidatableResponse planOf(String pool) {
        return given().contentType(ContentType.JSON)
                .body(Map.of("pools", List.of(pool)))
                .post("/api/v1/plans")
                .then()
                .statusCode(201);
    }

    @Test
    void aPlanIsMadeForReviewAndStartedAsARun() throws Exception {
        Qemu.chain(pool, "plan-base", "plan-a", "plan-b", "plan-c");
        String plan = planOf("gold")
                .body("plan.jobs.target", hasItem(containsString("gold/plan-")))
                .extract()
                .path("id");
        given().get("/api/v1/plans/" + plan).then().statusCode(200).body("id", equalTo(plan));
        String run = given().contentType(ContentType.JSON)
                .body(Map.of("plan", plan))
                .post("/api/v1/runs")
                .then()
                .statusCode(202)
                .extract()
                .path("id");

        await().until(() -> ledger.runs().get(run).map(RunRecord::state), Optional.of(RunState.READY)::equals);
        given().post("/api/v1/runs/" + run + "/pause").then().statusCode(200).body("state", equalTo("PAUSED"));
        given().post("/api/v1/runs/" + run + "/pause").then().statusCode(409);
        given().post("/api/v1/runs/" + run + "/cancel").then().statusCode(200);
        await().until(() -> ledger.runs().get(run).map(RunRecord::state), Optional.of(RunState.FINISHED)::equals);
        given().queryParam("run", run)
                .get("/api/v1/jobs")
                .then()
                .body("findAll { it.state.result.outcome.outcome == 'CANCELLED' }.size()", equalTo(jobs(run)));
    }

    @Test
    void aRequestsBudgetForOnePoolHoldsThereAndTheImageThatIsAskedForGetsAllOfIt() throws Exception {
        Qemu.chain(pool, "thrift-a0", "thrift-a1", "thrift-a2", "thrift-a3");
        Qemu.chain(pool, "thrift-z0", "thrift-z1", "thrift-z2", "thrift-z3");
        String tight = "{\"id\":\"%s\",\"pool\":\"gold\",\"image\":\"thrift-z3\",\"tighten\":"
                + "{\"budgetBytes\":%d,\"budgetByPool\":{\"gold\":%d}}}";
        long enough = planned("thrift-enough", String.format(tight, "thrift-enough", 0, 1L << 40)).jobs().stream()
                .mapToLong(job -> job.bytesToWrite())
                .sum();

        Plan none = planned("thrift-none", String.format(tight, "thrift-none", 1L << 40, enough - 1));
        Plan all = planned("thrift-all", String.format(tight, "thrift-all", 0, enough));

        assertThat(enough).isPositive();
        assertThat(none.skips())
                .anyMatch(skip -> skip.reason() == SkipReason.BUDGET
                        && skip.image().toString().equals("gold/thrift-z3"));
        assertThat(all.skips()).isEmpty();
        assertThat(all.jobs()).isNotEmpty();
    }

    private Plan planned(String id, String request) throws Exception {
        given().contentType(ContentType.JSON)
                .body(request)
                .post("/api/v1/requests")
                .then()
                .statusCode(202);
        String run = "request-" + id;
        await().until(() -> ledger.runs().get(run).orElseThrow().plan().isPresent());
        given().post("/api/v1/runs/" + run + "/cancel");
        await().until(() -> ledger.runs().get(run).orElseThrow().state().isOver());
        return ledger.plans()
                .get(ledger.runs().get(run).orElseThrow().plan().orElseThrow())
                .orElseThrow()
                .plan();
    }

    @Test
    void aPolicysCanaryHoldsForItsRunsAndCannotBeLiftedByTheirLimits() throws Exception {
        Qemu.chain(pool, "canary-a0", "canary-a1", "canary-a2");
        Qemu.chain(pool, "canary-b0", "canary-b1", "canary-b2");
        given().contentType(ContentType.JSON)
                .body(Map.of("id", "canaries", "pools", List.of("gold"), "policy", "careful"))
                .post("/api/v1/runs")
                .then()
                .statusCode(202);

        await().until(() -> states("canaries").getOrDefault("SKIPPED", 0L) > 0);
        assertThat(states("canaries").get("QUEUED")).isEqualTo(1);
        problemOf(given().contentType(ContentType.JSON)
                        .body("{\"canary\":5}")
                        .patch("/api/v1/runs/canaries/limits")
                        .then())
                .body("detail", equalTo("limits.canary is 5, which allows more than the policy's 1"));
        given().post("/api/v1/runs/canaries/cancel").then().statusCode(200);
    }

    private static ValidatableResponse problemOf(ValidatableResponse answer) {
        return answer.statusCode(400).contentType("application/problem+json");
    }

    /** How many jobs of the run are in which state, or have which outcome. */
    private Map<String, Long> states(String run) throws Exception {
        return ledger
                .jobs()
                .get(ledger.runs().get(run).orElseThrow().jobs().stream()
                        .map(job -> JobRecord.key(run, job))
                        .toList())
                .values()
                .stream()
                .collect(Collectors.groupingBy(
                        job -> job.outcome()
                                .map(Outcomes::name)
                                .orElse(job.state() instanceof JobState.Queued ? "QUEUED" : "OTHER"),
                        Collectors.counting()));
    }

    @Test
    void aStaleTreeIsPlannedOnceMoreInTheSameRun() throws Exception {
        Qemu.chain(pool, "stale-base", "stale-a", "stale-b", "stale-c");
        given().contentType(ContentType.JSON)
                .body("{\"id\":\"stale\",\"pool\":\"gold\",\"image\":\"stale-c\"}")
                .post("/api/v1/requests")
                .then()
                .statusCode(202);
        endFirstQueued("request-stale", new Outcome.Stale("a new overlay"));

        await().until(() -> ledger.runs().get("request-stale").orElseThrow().generation(), g -> g == 2);
        RunRecord again = ledger.runs().get("request-stale").orElseThrow();
        assertThat(again.jobs()).hasSizeGreaterThan(1).doesNotHaveDuplicates();
        endFirstQueued("request-stale", new Outcome.Stale("and another"));
        await().until(
                        () -> ledger.runs().get("request-stale").map(RunRecord::state),
                        Optional.of(RunState.FINISHED)::equals);
        assertThat(ledger.runs().get("request-stale").orElseThrow().outcomes())
                .containsEntry("REPLANNED", 1)
                .containsEntry("STALE", 1);
    }

    @Test
    void aSecondCoordinatorDoesNotLeadWhileTheFirstDoes() throws Exception {
        await().until(() -> ledger.leases().get("coordinator"), Optional::isPresent);
        Leadership second = new Leadership(ledger.leases(), "second", Duration.ofSeconds(60), Duration.ofSeconds(5));
        second.renewOrTake();
        second.renewOrTake();

        assertThat(second.leads()).isFalse();
    }

    @Test
    void runOnceWatchesItsRunToTheEndAndSaysWhatIsWrongWithItsArguments() {
        assertThat(once("--pools", "empty", "--id", "once-1").exit()).isZero();
        assertThat(once("--pools", "empty", "--id", "once-1").exit()).isZero();
        // within one minute, as by two jobs of a cluster's scheduler
        assertThat(once("--pools", "empty").exit()).isZero();
        assertThat(once("--pools", "empty,silver", "--policy", "untouched").exit())
                .isZero();
        assertThat(once("--pools", "nowhere").exit()).isEqualTo(2);
        assertThat(once("--pool", "empty").err()).contains("Unknown options: '--pool'");
        assertThat(once("--schedule", "none").exit()).isEqualTo(2);
        assertThat(once("--deadline", "soon").err()).contains("no span of time such as 7d");
        assertThat(once("--pools", "empty", "--budget", "gold=much").err()).contains("'much' is no size such as 500M");
        assertThat(once("--pools", "empty", "--budget", "glod=5M").err())
                .contains("tighten.budgetByPool: pool 'glod' is not configured");
        assertThat(once("--pools", "empty", "--headroom", "empty=1G").exit()).isZero();
        assertThat(once("--pools", "empty", "--headroom", "1").err()).contains("headroomBytes");
        assertThat(once("--pools", "empty", "--canary", "0").err()).contains("canary is 0, but must be at least 1");
        assertThat(once("--help").out()).contains("--fail-on-skip");
    }

    @Test
    void runOnceSumsUpAsJsonAndFailsForWhatWasLeftAloneOnlyIfItIsTo() throws Exception {
        Qemu.chain(pool, "alone-0", "alone-1", "alone-2");
        Files.delete(pool.resolve("alone-0"));

        Once summed = once("--pools", "gold", "--policy", "untouched", "--id", "once-alone", "--json");
        assertThat(summed.exit()).isZero();
        JsonNode summary = Json.MAPPER.readTree(summed.out());
        assertThat(summary.path("state").asText()).isEqualTo("FINISHED");
        assertThat(summary.path("leftAlone").findValuesAsText("reason")).contains("BACKING_MISSING");

        assertThat(once("--pools", "gold", "--policy", "untouched", "--id", "once-alone", "--fail-on-skip")
                        .exit())
                .isEqualTo(1);
    }

    @Test
    void runOnceCancelsWhatIsNotDoneByItsDeadline() throws Exception {
        Qemu.chain(pool, "late-0", "late-1", "late-2", "late-3");
        onceIsAsked("once-late", "gold", "default");
        await().until(() -> jobs("once-late") > 0);

        Once late = once("--pools", "gold", "--id", "once-late", "--deadline", "2s");
        assertThat(late.exit()).isEqualTo(1);
        assertThat(late.err()).contains("the deadline of 2s passed");
        assertThat(ledger.runs().get("once-late").orElseThrow().outcomes()).containsKey("CANCELLED");
    }

    @Test
    void runOnceGivesUpSomeTimeAfterItsDeadlineWhenWhatHasBegunDoesNotEnd() throws Exception {
        Qemu.chain(pool.resolveSibling("bronze"), "stuck-0", "stuck-1", "stuck-2");
        onceIsAsked("once-stuck", "bronze", "down");
        JobRecord begun = await().until(
                        () -> ledger.runs().get("once-stuck").orElseThrow().jobs().stream()
                                .map(job -> JobRecord.key("once-stuck", job))
                                .map(this::claimed)
                                .flatMap(Optional::stream)
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
        assertThat(begun.job().kind()).isEqualTo(JobKind.COMMIT);

        Once stuck = once(
                "--pools",
                "bronze",
                "--policy",
                "down",
                "--id",
                "once-stuck",
                "--deadline",
                "1s",
                "--stop-within",
                "1s");

        assertThat(stuck.exit()).isEqualTo(1);
        assertThat(stuck.err()).contains("the deadline of 1s passed", "has not ended, and goes on");
        endFirstQueued("once-stuck", new Outcome.Done());
        await().until(() -> ledger.runs().get("once-stuck").orElseThrow().state(), RunState::isOver);
    }

    /** As by another process; so the deadline of one that watches it counts from when a test wants it to. */
    private void onceIsAsked(String id, String of, String policy) throws Exception {
        RunRequest request = RunRequest.of(id, RunRequest.Origin.RUN_ONCE, List.of(new PoolName(of)), policy);
        ledger.runs().add(id, RunRecord.asked(request, "run-once", System.currentTimeMillis()));
    }

    private Optional<JobRecord> claimed(String key) {
        try {
            return ledger.jobs().update(key, job -> job.claim("me"));
        } catch (LedgerException e) {
            throw new IllegalStateException(e);
        }
    }

    private Once once(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exit = runOnce.run(
                List.of(arguments),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Once(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private record Once(int exit, String out, String err) {}

    @Test
    void poolsAndTheirChainsAreShown() throws Exception {
        Qemu.chain(pool, "shown-base", "shown-a");
        given().get("/api/v1/pools").then().body("name", hasItem("gold"));
        given().get("/api/v1/pools/gold/chains")
                .then()
                .statusCode(200)
                .body("find { it.leaf == 'gold/shown-a' }.depth", equalTo(2));
        given().get("/api/v1/pools/lead/chains").then().statusCode(404).contentType("application/problem+json");
    }

    @Test
    void whatIsWrongWithACallIsSaid() {
        given().contentType(ContentType.JSON)
                .body("{\"id\":\"../x\",\"pool\":\"gold\"}")
                .post("/api/v1/requests")
                .then()
                .statusCode(400)
                .contentType("application/problem+json")
                .body("detail", containsString("id 'request-../x'"));
        given().contentType(ContentType.JSON)
                .body("{")
                .post("/api/v1/requests")
                .then()
                .statusCode(400);
        given().get("/api/v1/runs/none").then().statusCode(404).body("detail", containsString("'none'"));
        given().post("/api/v1/jobs/none/none/cancel").then().statusCode(404);
        given().contentType(ContentType.JSON)
                .body(Map.of("plan", "none"))
                .post("/api/v1/runs")
                .then()
                .statusCode(404);
    }

    @Test
    void healthMetricsAndTheDescriptionOfTheInterfaceAreServed() {
        await().untilAsserted(() -> given().get("/q/health/ready").then().statusCode(200));
        await().untilAsserted(() ->
                given().get("/q/metrics").then().statusCode(200).body(containsString("planish_leader 1.0")));
        given().get("/q/openapi").then().statusCode(200).body(containsString("/api/v1/requests"));
    }

    private void endFirstQueued(String run, Outcome outcome) throws Exception {
        JobRecord queued = await().until(
                        () -> ledger.jobs().all().values().stream()
                                .filter(j -> j.run().equals(run) && j.state() instanceof JobState.Queued)
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
        JobResult result = new JobResult(outcome, Map.of(), List.of(), 0, 0, List.of());
        assertThat(ledger.jobs().update(queued.key(), r -> r.claim("me")).map(JobRecord::key))
                .contains(queued.key());
        assertThat(ledger.jobs().update(queued.key(), r -> r.ended("me", r.epoch(), result)))
                .isPresent();
    }

    private int jobs(String run) throws Exception {
        return ledger.runs().get(run).orElseThrow().jobs().size();
    }

    private <T> Listener heard(String topic, Class<T> type, List<T> into) {
        Listener listener = new Listener(
                List.of(topic), Optional.empty(), kafka, r -> into.add(Json.MAPPER.readValue(r.value(), type)));
        ready(listener);
        return listener;
    }

    /** A listener hears from when it is there. */
    private static void ready(Listener listener) {
        await().until(listener::isListening);
    }

    private static String reason(ConsumerRecord<String, byte[]> record) {
        return new String(record.headers().lastHeader(Topics.REASON).value(), StandardCharsets.UTF_8);
    }

    private static JobResult done() {
        return new JobResult(new Outcome.Done(), Map.of(), List.of(), 1, 0, List.of());
    }
}
