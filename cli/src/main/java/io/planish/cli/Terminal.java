package io.planish.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Whether somebody is looking. */
final class Terminal {
    private static final int NARROWEST = 40;
    private static final int ANYBODY = 120;

    private Terminal() {}

    static boolean isInput() {
        return is(0);
    }

    static boolean isError() {
        return is(2);
    }

    /** How many characters a line of output may have: of the terminal, else what COLUMNS says, else enough for anybody. */
    static int width() {
        Optional<Integer> told = Optional.ofNullable(System.getenv("COLUMNS")).flatMap(Terminal::number);
        return told.or(() -> is(1) ? askStty() : Optional.empty())
                .map(w -> Math.max(w, NARROWEST))
                .orElse(ANYBODY);
    }

    private static Optional<Integer> askStty() {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(new File("/dev/tty"))
                    .start();
            String answer = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return number(answer.strip().substring(answer.indexOf(' ') + 1));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Optional<Integer> number(String text) {
        return text.matches("[1-9][0-9]{0,4}") ? Optional.of(Integer.valueOf(text)) : Optional.empty();
    }

    // System.console() would load a line editor for this, at the price of half a start
    private static boolean is(int descriptor) {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor))
                    .toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException e) {
            return false;
        }
    }
}
