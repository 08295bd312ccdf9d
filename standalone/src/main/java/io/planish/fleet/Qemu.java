package io.planish.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** QEMU's own tools: they make the fleet, and they are the judges. */
public final class Qemu {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Qemu() {}

    /** How a command ended and what it said. */
    public record Answer(int exit, String text) {}

    /** Runs a command to its end; standard error is part of the text. */
    public static Answer run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            return new Answer(process.waitFor(), text.strip());
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted during " + command, e);
        }
    }

    /** Runs {@code qemu-img}, which must succeed. */
    public static String img(Object... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("qemu-img"));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        return must(command);
    }

    /** Writes with {@code qemu-io} commands, which must succeed. */
    public static void io(Path image, String format, List<String> writes) throws IOException {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", format));
        for (String write : writes) {
            command.add("-c");
            command.add(write);
        }
        command.add(image.toString());
        must(command);
    }

    /** Makes {@code base <- … <- top} of 8 MiB each, with 2 MiB of its own in each layer. */
    public static void chain(Path folder, String... names) throws IOException {
        for (int i = 0; i < names.length; i++) {
            Path image = folder.resolve(names[i]);
            if (i == 0) {
                img("create", "-q", "-f", "qcow2", image, "8M");
            } else {
                img("create", "-q", "-f", "qcow2", "-b", names[i - 1], "-F", "qcow2", image);
            }
            io(image, "qcow2", List.of("write -q -P " + (i + 1) + " " + i + "M 2M"));
        }
    }

    /** The image's header, whatever its backing file is. */
    public static JsonNode info(Path image) throws IOException {
        return JSON.readTree(img("info", "-U", "--output=json", image));
    }

    /** Runs a command, which must succeed. */
    public static String must(List<String> command) throws IOException {
        Answer answer = run(command);
        if (answer.exit() != 0) {
            throw new IOException(String.join(" ", command) + ": " + answer.text());
        }
        return answer.text();
    }

    /** A process that has an image open for writing, as the hypervisor of a running guest has, until it is closed. */
    public static final class Guest implements AutoCloseable {
        private final Process process;

        public Guest(Path image) throws IOException {
            process = new ProcessBuilder("qemu-io", "-f", "qcow2", image.toString())
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().write("length\n".getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            // It answers once it has the image open and locked.
            if (process.inputReader(StandardCharsets.UTF_8).readLine() == null) {
                throw new IOException("qemu-io could not open " + image);
            }
        }

        @Override
        public void close() {
            process.destroy();
            try {
                if (!process.waitFor(5, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
