package io.planish.standalone;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A server in a JVM of its own on a loopback port, with its data in one folder and its log beside it. The child has the
 * servers' jars on its class path, the starter need not: it finds them in the folder {@code lib} next to this class' own
 * jar or class folder. The child stops when the starter closes it and when the starter dies.
 *
 * <p>Not thread-safe: one owner starts, kills and closes it.
 */
public final class ServerProcess implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private final String name;
    private final String mainClass;
    private final Path folder;
    private final int port;
    private final Optional<Path> security;
    private ChildJvm child;

    private ServerProcess(String name, String mainClass, Path folder, int port, Optional<Path> security)
            throws IOException {
        this.name = name;
        this.mainClass = mainClass;
        this.folder = Files.createDirectories(folder.toAbsolutePath().resolve(name));
        this.port = port == 0 ? Loopback.freePort() : port;
        this.security = security;
        this.child = spawn();
    }

    /**
     * Starts a Kafka broker whose data lie in {@code folder/broker} and whose log is {@code folder/broker.log}; returns at
     * once.
     *
     * @param port 1 to 65535, or 0 for any free one
     * @param security a file as {@link Security} reads; empty: whoever reaches the port is served
     */
    static ServerProcess broker(Path folder, int port, Optional<Path> security) throws IOException {
        return new ServerProcess("broker", "io.planish.standalone.Broker", folder, port, security);
    }

    /** Starts an Infinispan server in {@code folder/grid}, otherwise like {@link #broker}. */
    static ServerProcess grid(Path folder, int port, Optional<Path> security) throws IOException {
        return new ServerProcess("grid", "io.planish.standalone.Grid", folder, port, security);
    }

    /** {@code host:port} for clients. */
    public String address() {
        return "127.0.0.1:" + port;
    }

    /** The process id of the running, or of the last, child. */
    public long pid() {
        return child.process().pid();
    }

    /** Ends the child as {@code kill -9} does and returns when it is gone. Its data stay. */
    public void kill() {
        child.kill();
    }

    /**
     * Starts the child again, on the same data and port, and returns when clients are served.
     *
     * @throws IOException with one line if it cannot start, or has not within 60 s; the child is gone then
     * @throws IllegalStateException if the child still runs
     */
    public void restart() throws IOException {
        if (child.isAlive()) {
            throw new IllegalStateException(name + " is running (kill or close it first)");
        }
        child = spawn();
        awaitReady();
    }

    /** Asks for a clean stop and waits for it; a child that does not stop within 25 s is killed. Idempotent. */
    @Override
    public void close() {
        requestStop();
        child.awaitEnd();
    }

    void requestStop() {
        child.requestStop();
    }

    /** Returns when the child serves clients; fails as {@link #restart} does. */
    void awaitReady() throws IOException {
        String answer = firstLine();
        if (!answer.equals(Child.READY)) {
            kill();
            throw new IOException(
                    name + ": " + answer.replace(Child.FAILED, "") + " [" + folder.resolveSibling(name + ".log") + "]");
        }
        new Socket(InetAddress.getLoopbackAddress(), port).close();
    }

    private String firstLine() {
        CompletableFuture<String> line = new CompletableFuture<>();
        Thread.ofVirtual().name(name + "-answer").start(() -> {
            try (BufferedReader out = child.process().inputReader(StandardCharsets.UTF_8)) {
                String first = out.readLine();
                line.complete(first == null ? "ended while starting" : first);
            } catch (IOException e) {
                line.complete("ended while starting");
            }
        });
        try {
            return line.get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            return "not ready after " + START_LIMIT.toSeconds() + " s";
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted while starting";
        }
    }

    private ChildJvm spawn() throws IOException {
        Path classes = ChildJvm.ownLocation();
        List<String> arguments = new ArrayList<>(List.of(
                "-Xmx256m",
                "-Dorg.jboss.logging.provider=jdk",
                "-Djava.util.logging.SimpleFormatter.format=%1$tF %1$tT.%1$tL %4$s %3$s %5$s%6$s%n",
                "-cp",
                classes + File.pathSeparator + classes.resolveSibling("lib") + File.separator + "*",
                mainClass,
                folder.toString(),
                Integer.toString(port)));
        security.ifPresent(file -> arguments.add(file.toString()));
        return ChildJvm.spawn(Place.HERE, arguments, folder.resolveSibling(name + ".log"), true);
    }
}
