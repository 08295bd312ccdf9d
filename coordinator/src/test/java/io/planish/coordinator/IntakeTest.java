package io.planish.coordinator;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.planish.chain.PoolName;
import io.planish.coordinator.ledger.AllRuns;
import io.planish.coordinator.request.Runs;
import io.planish.coordinator.schedule.Schedules;
import io.planish.ledger.Ledger;
import io.planish.run.Event;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.planish.run.RunState;
import io.planish.run.ScheduleRecord;
import io.planish.topic.BrokerAnswers;
import io.planish.topic.Publisher;
import io.planish.topic.Topics;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import io.smallrye.common.annotation.Identifier;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.infinispan.client.hotrod.RemoteCacheManager;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What comes in: requests of tenants, schedules, calls that are too big or make no sense. */
@QuarkusTest
@QuarkusTestResource(RealStack.class)
class IntakeTest {
    private static final int HOUR = 3600;

    @Inject
    Ledger ledger;

    @Inject
    Runs runs;

    @Inject
    AllRuns allRuns;

    @Inject
    RemoteCacheManager grid;

    @Inject
    Publisher publisher;

    @Inject
    @Identifier("default-kafka-broker")
    Map<String, Object> kafka;

    @BeforeAll
    static void patience() {
        org.awaitility.Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
        org.awaitility.Awaitility.setDefaultPollInterval(Duration.ofMillis(100));
    }

    @Test
    void runsThatOtherProcessesWriteOrForgetAreSeenAtTheNextLook() throws Exception {
        assertThat(grid.getConfiguration().batchSize()).isEqualTo(1000);
        RunRecord theirs = RunRecord.asked(
                RunRequest.of("of-another", RunRequest.Origin.API, List.of(new PoolName("empty")), "untouched"),
                "another",
                System.currentTimeMillis());
        try (RemoteCacheManager another = new RemoteCacheManager(grid.getConfiguration(), true)) {
            Ledger other = Ledger.of(another, Duration.ofSeconds(10));
            allRuns.read();
            other.runs().add(theirs.id(), theirs);
            await().until(() -> state("of-another"), Optional.of(RunState.FINISHED)::equals);
            other.runs().remove(theirs.id());
            await().until(() -> state("of-another"), Optional.empty()::equals);
        }
    }

    private Optional<RunState> state(String run) throws Exception {
        return allRuns.read().stream()
                .filter(r -> r.id().equals(run))
                .map(RunRecord::state)
                .findFirst();
    }

    @Test
    void aTenantNamesOnlyItsOwnPoolsAndIsAnsweredEitherWay() throws Exception {
        try (Heard dead = new Heard(kafka, Topics.DEAD);
                Heard events = new Heard(kafka, Topics.EVENTS)) {
            publisher.send("planish.requests.acme", "a", Map.of("id", "other", "pool", "gold"));
            publisher.send("planish.requests.acme", "a", Map.of("id", "own", "pool", "empty"));

            await().until(
                            () -> ledger.runs().get("tenant_acme_own").map(r -> r.state()),
                            Optional.of(RunState.FINISHED)::equals);
            assertThat(dead.records())
                    .singleElement()
                    .satisfies(r -> assertThat(header(r, Topics.REASON))
                            .isEqualTo("refused: pool 'gold' is not configured for acme; there are [empty]"));
            await().untilAsserted(() -> assertThat(events.as(Event.class))
                    .anyMatch(e -> e.type() == Event.Type.REQUEST_REFUSED
                            && e.run().equals("other")
                            && e.by().equals(Optional.of("tenant acme")))
                    .anyMatch(e -> e.type() == Event.Type.REQUEST_ACCEPTED
                            && e.run().equals("tenant_acme_own")
                            && e.by().equals(Optional.of("tenant acme"))));
        }
        given().get("/api/v1/requests/tenant_acme_own").then().statusCode(200).body("state", equalTo("FINISHED"));
        given().get("/api/v1/requests/tenant_acme_other")
                .then()
                .statusCode(200)
                .body("state", equalTo("REFUSED"))
                .body("error", containsString("pool 'gold'"));
        given().get("/api/v1/requests/other").then().statusCode(404);
    }

    @Test
    void aRecordThatIsTooBigIsBuriedShortenedAndTheNextOneIsTaken() throws Exception {
        try (Heard dead = new Heard(kafka, Topics.DEAD)) {
            publisher.send(Topics.REQUESTS, "big", Map.of("id", "big", "pool", "x".repeat(900_000)));
            publisher.send(Topics.REQUESTS, "null", List.of(1, 2));
            publisher.send(Topics.REQUESTS, "after", Map.of("id", "after-big", "pool", "empty"));

            await().until(() -> ledger.runs().get("request-after-big").isPresent());
            assertThat(dead.records()).hasSize(2);
            assertThat(header(dead.records().getFirst(), Topics.REASON)).startsWith("too big: 900");
            assertThat(header(dead.records().getFirst(), "planish-length")).startsWith("9000");
            assertThat(dead.records().getFirst().value()).hasSize(64 << 10);
            assertThat(header(dead.records().getLast(), Topics.REASON)).startsWith("no request: ");
        }
    }

    @Test
    void whateverIsWrongWithACallIsAProblem() throws Exception {
        problem(given().get("/api/v1/nothing").then(), 404);
        problem(given().delete("/api/v1/runs").then(), 405);
        problem(given().get("/api/v1/jobs?state=BOGUS").then(), 400).body("detail", containsString("BLOCKED, QUEUED"));
        problem(given().get("/api/v1/jobs?outcome=BOGUS").then(), 400).body("detail", containsString("DONE, SKIPPED"));
        problem(
                given().contentType(ContentType.TEXT)
                        .body("x")
                        .post("/api/v1/requests")
                        .then(),
                415);
        problem(post("/api/v1/requests", "null"), 400);
        problem(post("/api/v1/runs", "{\"pools\":[null]}"), 400);
        problem(post("/api/v1/runs", "{\"pools\":[\"gold\"],\"priority\":10}"), 400)
                .body("detail", containsString("priority 10 is not 0 to 9"));
        problem(post("/api/v1/runs", "{\"pools\":[\"gold\"],\"limits\":{\"window\":{\"times\":\"22-6\"}}}"), 400)
                .body("detail", containsString("'22-6' is no span of hours"));
        problem(post("/api/v1/requests", "{\"pool\":\"" + "x".repeat(300_000) + "\"}"), 413)
                .body("detail", containsString("planish.api.max-body"));
        problem(post("/api/v1/requests", "{\"id\":\"\",\"pool\":\"empty\"}"), 400)
                .body("detail", containsString("'id' is empty"));
        assertThat(withoutLength("x".repeat(2_000_000)).statusCode()).isEqualTo(411);
    }

    private static HttpResponse<String> withoutLength(String text) throws Exception {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        try (HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            HttpRequest request = HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + RestAssured.port + "/api/v1/requests"))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)))
                    .build();
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void aBrokerThatHangsIsSaidToBeAwayWithinSeconds() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            BrokerAnswers health = new BrokerAnswers(Map.of("bootstrap.servers", "127.0.0.1:" + silent.getLocalPort()));
            assertThat(assertTimeoutPreemptively(Duration.ofSeconds(10), health::call)
                            .getStatus())
                    .isEqualTo(HealthCheckResponse.Status.DOWN);
        }
        await().untilAsserted(() ->
                given().get("/q/health/ready").then().statusCode(200).body("checks.name", hasItems("broker")));
    }

    @Test
    void whoListensHearsAlsoThatNothingHappens() throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<Stream<String>> heard = client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + RestAssured.port + "/api/v1/events"))
                            .build(),
                    HttpResponse.BodyHandlers.ofLines());
            assertThat(assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
                        try (Stream<String> lines = heard.body()) {
                            return lines.anyMatch(line -> line.startsWith(":"));
                        }
                    }))
                    .isTrue();
            client.shutdownNow();
        }
    }

    @Test
    void theDescriptionOfTheInterfaceHasExamples() {
        given().get("/q/openapi")
                .then()
                .statusCode(200)
                .body(containsString("Berlin"))
                .body(containsString("/api/v1/runs/{id}/limits"))
                .body(containsString("priority"));
    }

    @Test
    void schedulesAreEditedAndWhatIsConfiguredComesBack() {
        given().get("/api/v1/schedules").then().body("name", hasItems("yearly"));
        schedule(
                        "yearly",
                        "{\"cron\":\"0 22 * * 1-5\",\"zone\":\"Europe/Berlin\",\"window\":\"22:00-06:00\",\"pools\":[\"empty\"]}")
                .statusCode(200)
                .body("edited", equalTo(true));
        given().get("/api/v1/schedules/yearly")
                .then()
                .body("zone", equalTo("Europe/Berlin"))
                .body("policy", equalTo("default"))
                .body("next", containsString("T2"));
        given().delete("/api/v1/schedules/yearly").then().statusCode(204);
        given().get("/api/v1/schedules/yearly").then().body("next", containsString("-01-01T00:00:00Z"));
        problem(given().delete("/api/v1/schedules/yearly").then(), 409);

        schedule("new", "{\"cron\":\"0 1 * * *\",\"pools\":[\"empty\"],\"canary\":2,\"paused\":true}")
                .statusCode(200)
                .body("canary", equalTo(2));
        given().delete("/api/v1/schedules/new").then().statusCode(204);
        given().get("/api/v1/schedules").then().body("name", not(hasItems("new")));
        problem(schedule("bad", "{\"cron\":\"soon\",\"pools\":[\"empty\"]}"), 400)
                .body("detail", containsString("five fields"));
        problem(schedule("bad", "{\"cron\":\"0 1 * * *\",\"pools\":[\"lead\"]}"), 400);
        problem(schedule("bad", "{\"cron\":\"0 0 31 2 *\",\"pools\":[\"empty\"]}"), 400)
                .body("detail", containsString("a time that never comes"));
        problem(schedule("bad", "{\"cron\":\"0 1 * * *\",\"pools\":[\"empty\"],\"canary\":0}"), 400)
                .body("detail", containsString("canary is 0, but must be at least 1"));
        problem(schedule("bad", "{\"cron\":\"0 1 * * *\",\"zone\":\"Mars\",\"pools\":[\"empty\"]}"), 400);
    }

    @Test
    void eachPlannedTimeLeadsToOneRunWhoeverLeadsAndWhatDoesNotIsTold() throws Exception {
        ScheduleRecord hourly = new ScheduleRecord(
                1,
                "hourly",
                "0 * * * *",
                "UTC",
                Optional.empty(),
                List.of(new PoolName("silver")),
                "untouched",
                Optional.empty(),
                false,
                0);
        Instant noon = Instant.parse("2026-03-01T12:00:00Z");
        try (Heard events = new Heard(kafka, Topics.EVENTS)) {
            bothAt(hourly, noon.plusSeconds(60));
            assertThat(ledger.runs().get("hourly-20260301T1200Z")).isEmpty();

            bothAt(hourly, noon.plusSeconds(HOUR + 5));
            assertThat(ledger.runs().get("hourly-20260301T1300Z"))
                    .hasValueSatisfying(r -> assertThat(r.by()).contains("schedule hourly"));
            await().until(() -> ledger.runs()
                    .get("hourly-20260301T1300Z")
                    .orElseThrow()
                    .state()
                    .isOver());

            int later = (LocalTime.now(ZoneOffset.UTC).getHour() + 3) % 24;

            String closed = String.format("%02d:00-%02d:30", later, later);

            ScheduleRecord held = new ScheduleRecord(
                    1,
                    "hourly",
                    "0 * * * *",
                    "UTC",
                    Optional.of(closed),
                    hourly.pools(),
                    "untouched",
                    Optional.empty(),
                    false,
                    0);
            bothAt(held, noon.plusSeconds(2 * HOUR));
            bothAt(held, noon.plusSeconds(3 * HOUR));
            bothAt(held, noon.plusSeconds(6 * HOUR + 7));
            assertThat(ledger.runs().keys().stream().filter(k -> k.startsWith("hourly-")))
                    .containsExactlyInAnyOrder("hourly-20260301T1300Z", "hourly-20260301T1400Z");
            await().untilAsserted(() -> assertThat(events.as(Event.class).stream()
                            .filter(e -> e.type() == Event.Type.SCHEDULE_SKIPPED)
                            .map(e -> e.run() + " " + e.code().orElseThrow()))
                    .contains(
                            "hourly-20260301T1500Z OVERLAP",
                            "hourly-20260301T1600Z MISSED",
                            "hourly-20260301T1800Z OVERLAP"));
        }
        given().post("/api/v1/runs/hourly-20260301T1400Z/cancel").then().statusCode(200);
    }

    /** Two coordinators that both believe they lead look at the schedule at this time. */
    private void bothAt(ScheduleRecord schedule, Instant now) throws Exception {
        Clock clock = Clock.fixed(now, ZoneOffset.UTC);
        Schedules one = new Schedules(
                Map.of(schedule.name(), schedule), ledger, allRuns, runs, publisher, clock, Duration.ofHours(1));
        Schedules other = new Schedules(
                Map.of(schedule.name(), schedule), ledger, allRuns, runs, publisher, clock, Duration.ofHours(1));
        one.moveOn();
        other.moveOn();
        one.moveOn();
    }

    private static ValidatableResponse schedule(String name, String body) {
        return given().contentType(ContentType.JSON)
                .body(body)
                .put("/api/v1/schedules/" + name)
                .then();
    }

    private static ValidatableResponse post(String path, String body) {
        return given().contentType(ContentType.JSON).body(body).post(path).then();
    }

    private static ValidatableResponse problem(ValidatableResponse response, int status) {
        return response.statusCode(status)
                .contentType("application/problem+json")
                .body("status", equalTo(status));
    }

    private static String header(ConsumerRecord<String, byte[]> record, String name) {
        return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }
}
