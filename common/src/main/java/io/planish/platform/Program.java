package io.planish.platform;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Somebody else's program, run without a shell. It ends in time, or is ended with all that it has started; what it says is bounded.
 *
 * @param argv its name and arguments
 * @param limit how long it may take
 */
public record Program(List<String> argv, Duration limit) {
    private static final long POLL_MILLIS = 20;
    private static final int MESSAGE_CHARS = 200;

    /** @throws IllegalArgumentException if there is no program, or no time for it */
    public Program {
        argv = List.copyOf(argv);
        if (argv.isEmpty() || argv.getFirst().isBlank()) {
            throw new IllegalArgumentException("a command needs at least the name of a program");
        }
        if (limit.isNegative() || limit.isZero()) {
            throw new IllegalArgumentException("a command's time limit is " + limit + ", but must be more than 0");
        }
    }

    /**
     * What it answered when it ended by itself.
     *
     * @param message the last line it wrote to its standard error, cut to a readable length
     */
    record Answer(int exit, String out, String message) {}

    /**
     * Runs it to its end.
     *
     * @throws ImageException if it cannot be started, takes too long, or says more than {@code mostBytes}
     */
    Answer run(byte[] input, long mostBytes) throws IOException {
        Path folder = Files.createTempDirectory("planish-command-");
        Path in = folder.resolve("in");
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        try {
            // files instead of pipes: whoever does not read, or leaves somebody behind who holds the other end, stops
            // nobody
            Files.write(in, input);
            Process process = start(in, out, err);
            try {
                await(process, out, err, mostBytes);
            } finally {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
            return new Answer(process.exitValue(), Files.readString(out), lastLine(Files.readString(err)));
        } finally {
            for (Path file : List.of(in, out, err, folder)) {
                Files.deleteIfExists(file);
            }
        }
    }

    private Process start(Path in, Path out, Path err) throws ImageException {
        try {
            return new ProcessBuilder(argv)
                    .redirectInput(in.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
        } catch (IOException e) {
            throw failure("cannot be started: " + e.getMessage(), "check its name and rights");
        }
    }

    private void await(Process process, Path out, Path err, long mostBytes) throws IOException {
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                if (System.nanoTime() - deadline > 0) {
                    throw failure("did not end within " + limit.toSeconds() + " s", "raise its time limit, or mend it");
                }
                requireWithin(mostBytes, out, err);
            }
            requireWithin(mostBytes, out, err);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure("was interrupted", "run it again");
        }
    }

    private void requireWithin(long mostBytes, Path out, Path err) throws IOException {
        if (Files.size(out) > mostBytes || Files.size(err) > mostBytes) {
            throw failure("says more than " + mostBytes + " bytes", "let it say less");
        }
    }

    /** The failure of this program, as a sentence about it. */
    ImageException failure(String what, String advice) {
        return new ImageException(ErrorKind.IO, "command '" + String.join(" ", argv) + "'", what, advice);
    }

    private static String lastLine(String text) {
        String line = text.strip().lines().reduce("", (first, second) -> second);
        String clean = line.replaceAll("\\p{Cntrl}", "?");
        return clean.length() <= MESSAGE_CHARS ? clean : clean.substring(0, MESSAGE_CHARS) + "…";
    }

    /**
     * A command line as people type it, split into words at spaces; quotes of both kinds and a backslash keep characters together.
     * Nothing else has a meaning: no shell is involved.
     *
     * @throws IllegalArgumentException if a quote is not closed
     */
    public static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean inWord = false;
        char quote = 0;
        for (int i = 0; i < command.length(); i++) {
            char c = command.charAt(i);
            if (c == '\\' && quote != '\'' && i + 1 < command.length()) {
                word.append(command.charAt(++i));
                inWord = true;
            } else if (quote != 0) {
                if (c == quote) {
                    quote = 0;
                } else {
                    word.append(c);
                }
            } else if (c == '\'' || c == '"') {
                quote = c;
                inWord = true;
            } else if (Character.isWhitespace(c)) {
                if (inWord) {
                    words.add(word.toString());
                    word.setLength(0);
                    inWord = false;
                }
            } else {
                word.append(c);
                inWord = true;
            }
        }
        if (quote != 0) {
            throw new IllegalArgumentException("the quote " + quote + " in '" + command + "' is not closed");
        }
        if (inWord) {
            words.add(word.toString());
        }
        return words;
    }
}
