package io.planish.acceptance;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.job.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** QEMU's own tools, as separate processes. */
public final class Qemu {
    private Qemu() {}

    /** What one finished command said. */
    public record Result(int exit, String out, String err) {}

    public static Result run(Object... command) {
        return run("", command);
    }

    /** Runs a shell script. */
    public static Result shell(String script) {
        return run(script, "sh");
    }

    private static Result run(String input, Object... command) {
        List<String> words = Arrays.stream(command).map(Object::toString).toList();
        try {
            Path err = Files.createTempFile("planish-", ".err");
            Process process =
                    new ProcessBuilder(words).redirectError(err.toFile()).start();
            try (OutputStream in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            }
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int exit = process.waitFor();
            String said = Files.readString(err);
            Files.delete(err);
            return new Result(exit, out, said);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Runs {@code qemu-img}, which must succeed. */
    public static String img(Object... arguments) {
        List<Object> command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(List.of(arguments));
        Result result = run(command.toArray());
        if (result.exit() != 0) {
            throw new IllegalStateException(command + " exits " + result.exit() + ": " + result.out() + result.err());
        }
        return result.out();
    }

    /** Runs commands of {@code qemu-io} on an image, which must all succeed. */
    static void io(Path image, List<String> commands) {
        List<Object> command = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
        commands.forEach(c -> command.addAll(List.of("-c", c)));
        command.add(image);
        Result result = run(command.toArray());
        String said = result.out() + result.err();
        if (result.exit() != 0 || said.contains("failed") || said.contains("error")) {
            throw new IllegalStateException(command + ": " + said);
        }
    }

    static JsonNode json(String text) {
        try {
            return Json.MAPPER.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A process that has the image open for writing, as a guest's hypervisor has, until it is closed. */
    static final class Guest implements AutoCloseable {
        private final Process process;

        Guest(Path image) throws IOException {
            process = new ProcessBuilder("qemu-io", "-f", "qcow2", image.toString())
                    .redirectErrorStream(true)
                    .start();
            // it answers once it has opened the image and taken its locks
            process.getOutputStream().write("length\n".getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            if (process.inputReader(StandardCharsets.UTF_8).readLine() == null) {
                throw new IOException("qemu-io did not open " + image);
            }
        }

        @Override
        public void close() throws IOException {
            process.getOutputStream().close();
            try {
                if (!process.waitFor(20, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
