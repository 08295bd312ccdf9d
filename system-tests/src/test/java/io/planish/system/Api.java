package io.planish.system;

import com.fasterxml.jackson.core.type.TypeReference;
import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.job.Json;
import io.planish.run.RunRecord;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;

/** The coordinator's REST interface, as a test needs it. */
final class Api implements AutoCloseable {
    private final URI coordinator;
    private final HttpClient client = HttpClient.newHttpClient();

    Api(URI coordinator) {
        this.coordinator = coordinator;
    }

    /** Asks for a run of the pool {@code vms} and gives its id. */
    RunRecord request(String id, String image) throws IOException, InterruptedException {
        return request(Map.of("id", id, "pool", "vms", "image", image));
    }

    RunRecord request(Map<String, Object> body) throws IOException, InterruptedException {
        return Json.MAPPER.readValue(post("/api/v1/requests", Json.MAPPER.writeValueAsString(body)), RunRecord.class);
    }

    String post(String path, String json) throws IOException, InterruptedException {
        return answer(HttpRequest.newBuilder(coordinator.resolve(path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build());
    }

    RunRecord run(String id) throws IOException, InterruptedException {
        return Json.MAPPER.readValue(get("/api/v1/runs/" + id), RunRecord.class);
    }

    List<JobRecord> jobs(String run) throws IOException, InterruptedException {
        return Json.MAPPER.readValue(get("/api/v1/jobs?run=" + run), new TypeReference<>() {});
    }

    /** The state of a run's only job as running; fails the condition of a wait otherwise. */
    static JobState.Running running(List<JobRecord> jobs) {
        if (jobs.size() == 1 && jobs.getFirst().state() instanceof JobState.Running running) {
            return running;
        }
        throw new AssertionError("not running: " + jobs);
    }

    String get(String path) throws IOException, InterruptedException {
        return answer(HttpRequest.newBuilder(coordinator.resolve(path)).build());
    }

    String patch(String path, String json) throws IOException, InterruptedException {
        return answer(HttpRequest.newBuilder(coordinator.resolve(path))
                .header("Content-Type", "application/json")
                .method("PATCH", HttpRequest.BodyPublishers.ofString(json))
                .build());
    }

    private String answer(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() >= 300) {
            throw new IOException(request.uri() + ": " + response.statusCode() + " " + response.body());
        }
        return response.body();
    }

    @Override
    public void close() {
        client.close();
    }
}
