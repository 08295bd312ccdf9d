package io.planish.load.scenario;

import static io.restassured.RestAssured.given;

import com.fasterxml.jackson.core.type.TypeReference;
import io.planish.chain.ImageRef;
import io.planish.job.JobRecord;
import io.planish.job.Json;
import io.planish.run.PlanRecord;
import io.planish.run.RunRecord;
import io.planish.run.RunState;
import io.restassured.config.HttpClientConfig;
import io.restassured.config.RestAssuredConfig;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** The coordinator's REST interface as a client uses it that knows that coordinators come and go. Thread-safe. */
final class Api {
    private static final int CONNECT_MILLIS = 2_000;
    private static final int ANSWER_MILLIS = 120_000;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(300);
    private static final RestAssuredConfig CONFIG = RestAssuredConfig.config()
            .httpClient(HttpClientConfig.httpClientConfig()
                    .setParam("http.connection.timeout", CONNECT_MILLIS)
                    .setParam("http.socket.timeout", ANSWER_MILLIS));

    private volatile URI coordinator;

    Api(URI coordinator) {
        this.coordinator = coordinator;
    }

    /** Another coordinator serves from now on. */
    void moved(URI to) {
        coordinator = to;
    }

    /** Scans and plans now. */
    PlanRecord plan(List<String> pools, String policy) throws IOException {
        return read(
                () -> json().body(Map.of("pools", pools, "policy", policy)).post("/api/v1/plans"),
                new TypeReference<>() {});
    }

    /** Starts a run of a plan. */
    RunRecord start(String plan) throws IOException {
        return read(() -> json().body(Map.of("plan", plan)).post("/api/v1/runs"), new TypeReference<>() {});
    }

    /** Asks for one image's chain to be made shorter. */
    RunRecord request(String id, ImageRef image, String policy) throws IOException {
        return read(
                () -> json().body(Map.of(
                                "id", id, "pool", image.pool().toString(), "image", image.path(), "policy", policy))
                        .post("/api/v1/requests"),
                new TypeReference<>() {});
    }

    RunRecord run(String id) throws IOException {
        return read(() -> json().get("/api/v1/runs/" + id), new TypeReference<>() {});
    }

    List<JobRecord> jobs(String run) throws IOException {
        return read(() -> json().queryParam("run", run).get("/api/v1/jobs"), new TypeReference<>() {});
    }

    /** Has a job that ended undone tried again. */
    void retry(JobRecord job) throws IOException {
        read(() -> json().post("/api/v1/jobs/" + job.key() + "/retry"), new TypeReference<JobRecord>() {});
    }

    /** Waits for a run's end. */
    RunRecord over(String id, Duration limit) throws IOException, InterruptedException {
        return until(id, limit, run -> run.state().isOver());
    }

    /** Waits for what a run is to be; a coordinator that is away is waited for too. */
    RunRecord until(String id, Duration limit, Predicate<RunRecord> wanted) throws IOException, InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (true) {
            Optional<RunRecord> now = ifThere(id);
            if (now.isPresent() && wanted.test(now.get())) {
                return now.get();
            }
            if (System.nanoTime() - end > 0) {
                throw new IOException("run " + id + " is still "
                        + now.map(RunRecord::state).map(RunState::name).orElse("not to be asked for") + " after "
                        + limit.toSeconds() + " s");
            }
            Thread.sleep(LOOK_AGAIN);
        }
    }

    private Optional<RunRecord> ifThere(String id) {
        try {
            return Optional.of(run(id));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** What {@code /q/metrics} says, summed over all labels. */
    static double metric(URI service, String name) throws IOException {
        String text = send(() ->
                        given().config(CONFIG).baseUri(service.toString()).get("/q/metrics"))
                .asString();
        return text.lines()
                .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private RequestSpecification json() {
        return given().config(CONFIG)
                .baseUri(coordinator.toString())
                // Each request has a client of its own here: kept open, their connections would pile up at the
                // coordinator.
                .header("Connection", "close")
                .contentType(ContentType.JSON)
                .accept(ContentType.JSON);
    }

    private static <T> T read(Supplier<Response> call, TypeReference<T> type) throws IOException {
        Response answer = send(call);
        if (answer.statusCode() >= 300) {
            throw new IOException(answer.statusCode() + " " + answer.asString());
        }
        return Json.MAPPER.readValue(answer.asByteArray(), type);
    }

    /** The library throws what {@code java.net} throws, without saying so. */
    private static Response send(Supplier<Response> call) throws IOException {
        try {
            return call.get();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
