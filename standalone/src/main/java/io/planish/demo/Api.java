package io.planish.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The coordinator's REST interface, as any client uses it. */
final class Api implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI root;
    private final HttpClient http = HttpClient.newHttpClient();

    Api(URI coordinator) {
        this.root = coordinator.resolve("/api/v1/");
    }

    /** Scans and plans; the plan with its id. */
    JsonNode plan(List<String> pools, String policy) throws IOException {
        return send(request("plans").POST(json(Map.of("pools", pools, "policy", policy))));
    }

    /** Starts a run and gives its id. */
    String start(String plan) throws IOException {
        return send(request("runs").POST(json(Map.of("plan", plan)))).path("id").asText();
    }

    JsonNode run(String id) throws IOException {
        return send(request("runs/" + id).GET());
    }

    JsonNode jobs(String run) throws IOException {
        return send(request("jobs?run=" + run).GET());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(root.resolve(path))
                .timeout(Duration.ofSeconds(60))
                .header("Content-Type", "application/json");
    }

    private static HttpRequest.BodyPublisher json(Object body) throws IOException {
        return HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body));
    }

    private JsonNode send(HttpRequest.Builder request) throws IOException {
        HttpRequest asked = request.build();
        try {
            HttpResponse<String> answer = http.send(asked, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() >= 300) {
                throw new IOException(
                        asked.method() + " " + asked.uri() + ": " + answer.statusCode() + " " + answer.body());
            }
            return JSON.readTree(answer.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted during " + asked.uri(), e);
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
