package io.planish.load.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Runs programs and measures them. */
final class Tool {
    private Tool() {}

    /**
     * What a program took until all it had written was on the disk.
     *
     * @param millis wall-clock time, the {@code sync} that follows included
     * @param bytesWritten what it and its children made the kernel write to disks, by the kernel's accounting
     */
    record Cost(double millis, long bytesWritten) {}

    /** Standard output of a program that must succeed. */
    static String run(Path folder, List<String> command) throws IOException, InterruptedException {
        return run(folder, command, "");
    }

    /** The same, with text for its standard input. */
    static String run(Path folder, List<String> command, String input) throws IOException, InterruptedException {
        Path out = Files.createTempFile("planish-bench", ".out");
        try {
            Process process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start();
            try (var stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(StandardCharsets.UTF_8));
            }
            int code = process.waitFor();
            String text = Files.readString(out);
            if (code != 0) {
                throw new IOException(String.join(" ", command) + ": exit code " + code + "\n"
                        + text.lines().limit(5).reduce("", (a, b) -> a + b + "\n"));
            }
            return text;
        } finally {
            Files.delete(out);
        }
    }

    /** Runs a program in a folder and then makes all of that folder's filesystem durable. */
    static Cost measure(Path folder, List<String> command) throws IOException, InterruptedException {
        long bytes = writtenByThisAndChildren();
        long begin = System.nanoTime();
        run(folder, command);
        sync(folder);
        double millis = (System.nanoTime() - begin) / 1e6;
        return new Cost(millis, writtenByThisAndChildren() - bytes);
    }

    static void sync(Path folder) throws IOException, InterruptedException {
        run(folder, List.of("sync", "-f", "."));
    }

    /** The kernel adds a child's account to its parent's when the child has been waited for. */
    static long writtenByThisAndChildren() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/io")).stream()
                .filter(line -> line.startsWith("write_bytes: "))
                .mapToLong(line -> Long.parseLong(line.substring("write_bytes: ".length())))
                .sum();
    }
}
