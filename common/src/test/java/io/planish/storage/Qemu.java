package io.planish.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** QEMU's own tools, as separate processes. */
public final class Qemu {
    private Qemu() {}

    /** What one finished command said, on both streams. */
    public record Result(int exit, String output) {}

    public static Result run(String... command) {
        return run(List.of(command));
    }

    public static Result run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Result(process.waitFor(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public static void img(String... arguments) {
        List<String> command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(List.of(arguments));
        Result result = run(command);
        if (result.exit() != 0) {
            throw new IllegalStateException(command + ": " + result.output());
        }
    }

    public static Result io(Path image, String... commands) {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
        for (String c : commands) {
            command.addAll(List.of("-c", c));
        }
        command.add(image.toString());
        return run(command);
    }

    /** A process that has the image open until it is closed. */
    public static final class Holder implements AutoCloseable {
        private final Process process;

        public Holder(Path image, String... options) throws IOException {
            List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
            command.addAll(List.of(options));
            command.add(image.toString());
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        }

        public boolean isAlive() {
            return process.isAlive();
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
