package io.planish.coordinator;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.nullValue;

import io.planish.ErrorKind;
import io.planish.fleet.Qemu;
import io.planish.job.JobRecord;
import io.planish.job.JobResult;
import io.planish.job.JobState;
import io.planish.job.Outcome;
import io.planish.ledger.Ledger;
import io.planish.run.Event;
import io.planish.run.RunRecord;
import io.planish.run.RunState;
import io.planish.topic.Topics;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import io.smallrye.common.annotation.Identifier;
import jakarta.inject.Inject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs and jobs steered by REST while they run; the test is the worker. */
@QuarkusTest
@QuarkusTestResource(RealStack.class)
class SteeringTest {
    @Inject
    Ledger ledger;

    @Inject
    @Identifier("default-kafka-broker")
    Map<String, Object> kafka;

    @ConfigProperty(name = "test.pool")
    Path gold;

    @ConfigProperty(name = "planish.pools.silver.path")
    Path silver;

    @BeforeAll
    static void patience() {
        org.awaitility.Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
        org.awaitility.Awaitility.setDefaultPollInterval(Duration.ofMillis(100));
    }

    @Test
    void failedJobsAreTriedAgainAndItIsToldWhoAskedForThat() throws Exception {
        try (Heard events = new Heard(kafka, Topics.EVENTS)) {
            String run = asked("again", "");
            end(run, new Outcome.Failed(ErrorKind.NO_SPACE, "full"));
            over(run);
            steer(run, "retry?outcome=CANCELLED")
                    .statusCode(409)
                    .body("detail", containsString("no job that ended CANCELLED"));

            steer(run, "retry").statusCode(200).body("state", equalTo("READY"));
            end(run, new Outcome.Done());

            assertThat(over(run).outcomes()).isEqualTo(Map.of("DONE", 1));
            await().untilAsserted(() -> assertThat(events.as(Event.class))
                    .anyMatch(e ->
                            e.type() == Event.Type.REQUEST_ACCEPTED && e.run().equals(run))
                    .anyMatch(e -> e.type() == Event.Type.STEERED
                            && e.run().equals(run)
                            && e.outcome().equals("RETRY")
                            && e.by().equals(Optional.of("rest 127.0.0.1")))
                    .anyMatch(e -> e.type() == Event.Type.JOB_ENDED
                            && e.run().equals(run)
                            && e.outcome().equals("DONE")
                            && e.message().startsWith("pull into gold/again-")));
        }
    }

    @Test
    void aJobOfUnknownOutcomeIsResolvedWithANoteAndTriedAgain() throws Exception {
        String run = asked("unknown", "");
        String job = end(run, new Outcome.Unknown("what is this")).job().id();
        assertThat(over(run).unresolved()).containsExactly(job);
        given().post("/api/v1/jobs/" + run + "/" + job + "/retry").then().statusCode(409);

        given().contentType(ContentType.JSON)
                .body("{\"note\":\"looked at it\"}")
                .post("/api/v1/jobs/" + run + "/" + job + "/resolve")
                .then()
                .statusCode(200)
                .body("state.result.outcome.message", containsString("looked at it"));
        assertThat(ledger.runs().get(run).orElseThrow().unresolved()).isEmpty();
        given().post("/api/v1/jobs/" + run + "/" + job + "/retry").then().statusCode(200);
        end(run, new Outcome.Done());
        over(run);
    }

    @Test
    void aRunIsPausedResumedAndCancelledAlsoBeforeItIsPlanned() throws Exception {
        String run = asked("early", closed());
        steer(run, "pause").statusCode(200).body("state", equalTo("PAUSED"));
        steer(run, "resume").statusCode(200).body("state", equalTo("PLANNING"));
        steer(run, "resume").statusCode(409).body("detail", containsString("is PLANNING and cannot be resumed"));
        steer(run, "cancel").statusCode(200);

        assertThat(over(run).outcomes()).isEmpty();
        steer(run, "pause").statusCode(409);
        steer(run, "retry").statusCode(409);
    }

    @Test
    void outsideItsWindowNothingOfARunBeginsAndTheWindowCanBeChanged() throws Exception {
        String run = asked("night", closed());
        String day = asked("day", "");
        queued(day);
        assertThat(ledger.runs().get(run).orElseThrow().state()).isEqualTo(RunState.PLANNING);

        limit(run, "{\"window\":null}").statusCode(200);
        JobRecord queued = queued(run);
        limit(run, "{" + closed() + "}").statusCode(200).body("limits.window.zone", equalTo("UTC"));
        steer(run, "cancel").statusCode(200);

        over(run);
        assertThat(ledger.jobs().get(queued.key()).flatMap(JobRecord::outcome)).contains(new Outcome.Cancelled());
        steer(day, "cancel").statusCode(200);
    }

    @Test
    void aRunTakesNoMoreSlotsThanItMayAndThatCanBeChanged() throws Exception {
        for (String name : List.of("one", "two", "three")) {
            Qemu.chain(silver, name + "-0", name + "-1", name + "-2", name + "-3");
        }
        String run = given().contentType(ContentType.JSON)
                .body("{\"pools\":[\"silver\"],\"limits\":{\"pools\":{\"silver\":{\"slots\":1}}}}")
                .post("/api/v1/runs")
                .then()
                .statusCode(202)
                .body("by", equalTo("rest 127.0.0.1"))
                .extract()
                .path("id");
        queued(run);
        String other = asked("meanwhile", "");
        queued(other);
        assertThat(count(run, "QUEUED")).isEqualTo(1);
        assertThat(count(run, "BLOCKED")).isEqualTo(2);

        limit(run, "{\"pools\":{\"silver\":{\"slots\":2,\"bytesPerSecond\":1000000}}}")
                .statusCode(200);
        await().until(() -> count(run, "QUEUED") == 2);
        limit(run, "{\"pools\":{\"silver\":{\"slots\":0}}}")
                .statusCode(400)
                .body("detail", containsString("slots is 0"));
        limit(run, "{\"pools\":{\"lead\":{\"slots\":1}}}").statusCode(400).body("detail", containsString("'lead'"));
        steer(run, "cancel").statusCode(200);
        steer(other, "cancel").statusCode(200);
        over(run);
        limit(run, "{}").statusCode(409);
        Files.delete(silver.resolve("one-3"));
    }

    @Test
    void whatAChangeOfLimitsDoesNotNameStays() throws Exception {
        String run = asked("limited", closed() + ",\"canary\":3");
        limit(run, "{\"pools\":{\"gold\":{\"slots\":2}}}")
                .statusCode(200)
                .body("limits.canary", equalTo(3))
                .body("limits.window.zone", equalTo("UTC"));

        given().contentType("application/merge-patch+json")
                .body("{\"pools\":{\"gold\":{\"bytesPerSecond\":1000}},\"canary\":null}")
                .patch("/api/v1/runs/" + run + "/limits")
                .then()
                .statusCode(200)
                .body("limits.pools.gold.slots", equalTo(2))
                .body("limits.pools.gold.bytesPerSecond", equalTo(1000))
                .body("limits.window.zone", equalTo("UTC"))
                .body("limits.canary", nullValue());
        limit(run, "[]").statusCode(400).body("detail", containsString("an object"));
        limit(run, "{\"slot\":1}").statusCode(400).body("detail", containsString("'slot'"));
        steer(run, "cancel").statusCode(200);
        over(run);
        limit(run, "{\"canary\":1}").statusCode(409);
    }

    @Test
    void listsComeInPagesAndFiltered() throws Exception {
        String run = asked("paged", "");
        String job = queued(run).job().id();
        given().queryParam("run", run)
                .queryParam("state", "QUEUED")
                .queryParam("pool", "gold")
                .get("/api/v1/jobs")
                .then()
                .header("X-Total-Count", "1")
                .body("job.id", hasItems(job));
        given().queryParam("run", run)
                .queryParam("outcome", "DONE")
                .get("/api/v1/jobs")
                .then()
                .header("X-Total-Count", "0");
        steer(run, "cancel").statusCode(200);
        over(run);
        asked("paged2", closed());

        String next = given().queryParam("origin", "REQUEST")
                .queryParam("limit", 1)
                .get("/api/v1/runs")
                .then()
                .statusCode(200)
                .body("size()", equalTo(1))
                .header("Link", containsString("offset=1"))
                .extract()
                .header("Link");
        assertThat(next).contains("origin=REQUEST").contains("rel=\"next\"");
        given().queryParam("state", "PLANNING").get("/api/v1/requests").then().body("id", hasItems("request-paged2"));
        given().queryParam("limit", 0).get("/api/v1/runs").then().statusCode(400);
        steer("request-paged2", "cancel").statusCode(200);
    }

    /** A run of its own chain; {@code limits} is a window, or nothing. */
    private String asked(String name, String limits) throws Exception {
        Qemu.chain(gold, name + "-0", name + "-1", name + "-2", name + "-3");
        given().contentType(ContentType.JSON)
                .body("{\"id\":\"" + name + "\",\"pool\":\"gold\",\"image\":\"" + name + "-3\",\"limits\":{" + limits
                        + "}}")
                .post("/api/v1/requests")
                .then()
                .statusCode(202);
        return "request-" + name;
    }

    /** A window that is not open now nor soon. */
    private static String closed() {
        LocalTime now = LocalTime.now(ZoneOffset.UTC);
        return String.format(
                "\"window\":{\"times\":\"%02d:00-%02d:30\"}", (now.getHour() + 3) % 24, (now.getHour() + 3) % 24);
    }

    private static ValidatableResponse steer(String run, String what) {
        return given().post("/api/v1/runs/" + run + "/" + what).then();
    }

    private static ValidatableResponse limit(String run, String limits) {
        return given().contentType(ContentType.JSON)
                .body(limits)
                .patch("/api/v1/runs/" + run + "/limits")
                .then();
    }

    private JobRecord queued(String run) {
        return await().until(
                        () -> ledger.jobs().all().values().stream()
                                .filter(j -> j.run().equals(run) && j.state() instanceof JobState.Queued)
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    private long count(String run, String state) {
        return Long.parseLong(given().queryParam("run", run)
                .queryParam("state", state)
                .get("/api/v1/jobs")
                .header("X-Total-Count"));
    }

    private JobRecord end(String run, Outcome outcome) throws Exception {
        JobRecord queued = queued(run);
        JobResult result = new JobResult(outcome, Map.of(), List.of(), 0, 0, List.of());
        ledger.jobs().update(queued.key(), r -> r.claim("me"));
        return ledger.jobs()
                .update(queued.key(), r -> r.ended("me", r.epoch(), result))
                .orElseThrow();
    }

    private RunRecord over(String run) throws Exception {
        return await().until(() -> ledger.runs().get(run).filter(r -> r.state().isOver()), Optional::isPresent)
                .orElseThrow();
    }
}
