package io.planish.standalone;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A JVM that this process started and that stops when its standard input ends. Not thread-safe. */
final class ChildJvm {
    private static final Duration STOP_LIMIT = Duration.ofSeconds(25);

    private final Process process;

    private ChildJvm(Process process) {
        this.process = process;
    }

    /**
     * Starts {@code java} of this JVM's own JDK.
     *
     * @param log where standard error is appended, and standard output too unless it is {@code piped}
     */
    static ChildJvm spawn(Place place, List<String> arguments, Path log, boolean piped) throws IOException {
        List<String> command = new ArrayList<>(place.enter());
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:+ExitOnOutOfMemoryError",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
        if (!piped) {
            builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        }
        return new ChildJvm(builder.start());
    }

    Process process() {
        return process;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Ends it as {@code kill -9} does and returns when it is gone. */
    void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    void requestStop() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // The pipe of a child that is already gone: nothing is left to ask.
            process.destroy();
        }
    }

    /** Returns when it is gone; kills it if it takes longer than 25 s. */
    void awaitEnd() {
        try {
            if (!process.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** The jar or class folder this module was loaded from. */
    static Path ownLocation() {
        try {
            return Path.of(ChildJvm.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
