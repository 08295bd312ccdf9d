package io.planish.standalone;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A coordinator or a worker in a JVM of its own, whose HTTP port is on loopback and whose log is {@code folder/<name>.log}. It
 * stops in order when the starter closes it and when the starter dies. Not thread-safe.
 */
public final class ServiceProcess implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(90);
    private static final Duration ASK_AGAIN = Duration.ofMillis(100);

    private static final Pattern CAUSE = Pattern.compile("(?:^Caused by: [^:]+|ERROR cannot start): (.*)");

    private final String name;
    private final URI address;
    private final Path log;
    private final ChildJvm child;

    private ServiceProcess(String name, URI address, Path log, ChildJvm child) {
        this.name = name;
        this.address = address;
        this.log = log;
        this.child = child;
    }

    /**
     * Starts a service that {@code ./mvnw package} has built; returns at once.
     *
     * @param application the module's {@code target/quarkus-app}
     * @param port 1 to 65535, or 0 for any free one
     * @param settings the service's configuration, by its keys
     */
    static ServiceProcess start(
            String name, Place place, Path application, Path folder, int port, Map<String, String> settings)
            throws IOException {
        Path jar = application.resolve("quarkus-run.jar");
        if (!Files.exists(jar)) {
            throw new IOException(name + ": " + jar + " is missing (build with ./mvnw package)");
        }
        Loopback.requireFree(port);
        int actual = port == 0 ? Loopback.freePort() : port;
        List<String> arguments = new ArrayList<>();
        settings.forEach((key, value) -> arguments.add("-D" + key + "=" + value));
        arguments.addAll(List.of(
                "-Xmx512m",
                // As the jar's manifest says, which only java -jar reads.
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                "-Dquarkus.http.host=" + place.host(),
                "-Dquarkus.http.port=" + actual,
                "-cp",
                jar + File.pathSeparator + ChildJvm.ownLocation(),
                "io.planish.standalone.Tether",
                "io.quarkus.bootstrap.runner.QuarkusEntryPoint"));
        Path log = Files.createDirectories(folder).resolve(name + ".log");
        return new ServiceProcess(
                name,
                URI.create("http://" + place.host() + ":" + actual),
                log,
                ChildJvm.spawn(place, arguments, log, false));
    }

    /** Where its HTTP interface is. */
    public URI address() {
        return address;
    }

    public String name() {
        return name;
    }

    public Path log() {
        return log;
    }

    public long pid() {
        return child.process().pid();
    }

    public boolean isAlive() {
        return child.isAlive();
    }

    /** Completes when it is gone, for whatever reason. */
    CompletableFuture<Process> onEnd() {
        return child.process().onExit();
    }

    /** Ends it as {@code kill -9} does and returns when it is gone. */
    public void kill() {
        child.kill();
    }

    /** Asks for an orderly stop and waits for it; kills what has not stopped within 25 s. Idempotent. */
    @Override
    public void close() {
        requestStop();
        child.awaitEnd();
    }

    void requestStop() {
        child.requestStop();
    }

    /**
     * Returns when its health says ready.
     *
     * @throws IOException with one line if it ended, or is not ready within 90 s; it is gone then
     */
    public void awaitReady() throws IOException {
        HttpRequest question = HttpRequest.newBuilder(address.resolve("/q/health/ready"))
                .timeout(Duration.ofSeconds(5))
                .build();
        long end = System.nanoTime() + START_LIMIT.toNanos();
        try (HttpClient client = HttpClient.newHttpClient()) {
            while (!isReady(client, question)) {
                if (!child.isAlive()) {
                    throw new IOException(name + ": ended while starting" + cause() + " [" + log + "]");
                }
                if (System.nanoTime() - end > 0) {
                    child.kill();
                    throw new IOException(name + ": not ready after " + START_LIMIT.toSeconds() + " s [" + log + "]");
                }
                Thread.sleep(ASK_AGAIN);
            }
        } catch (InterruptedException e) {
            child.kill();
            Thread.currentThread().interrupt();
            throw new IOException(name + ": interrupted while starting", e);
        }
    }

    /** The refusal or innermost cause that the log ends with, if it does. */
    private String cause() throws IOException {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.map(CAUSE::matcher)
                    .filter(Matcher::find)
                    .reduce((first, second) -> second)
                    .map(cause -> ": " + cause.group(1))
                    .orElse("");
        }
    }

    private static boolean isReady(HttpClient client, HttpRequest question) throws InterruptedException {
        try {
            return client.send(question, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            // Refused until it listens.
            return false;
        }
    }
}
