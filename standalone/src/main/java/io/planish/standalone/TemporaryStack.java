package io.planish.standalone;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/** A stack for the time of some tests, in a folder that goes with it. Not thread-safe. */
public final class TemporaryStack implements AutoCloseable {
    private final Path folder;
    private final Stack stack;

    /** Starts the servers in a part of {@code folder} that is theirs. */
    public interface Starting {
        Stack start(Path folder) throws IOException;
    }

    private TemporaryStack(Path folder, Stack stack) {
        this.folder = folder;
        this.stack = stack;
    }

    /** @param name of which the folder's begins */
    public static TemporaryStack start(String name) throws IOException {
        return start(Files.createTempDirectory(name), Stack::start);
    }

    /** @param folder goes with the stack */
    public static TemporaryStack start(Path folder, Starting starting) throws IOException {
        return new TemporaryStack(folder, starting.start(folder.resolve("stack")));
    }

    /** For what else tests need. */
    public Path folder() {
        return folder;
    }

    /** Where a service finds the servers, and {@code more}. */
    public Map<String, String> settings(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(more);
        settings.put("kafka.bootstrap.servers", stack.broker().address());
        settings.put("quarkus.infinispan-client.hosts", stack.grid().address());
        return settings;
    }

    public Stack stack() {
        return stack;
    }

    @Override
    public void close() {
        stack.close();
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
