package io.planish.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;

/** Command lines as a user types them, in this process. */
public final class Cli {
    private Cli() {}

    /** What one command line answered. */
    public record Answer(int exit, String out, String err) {}

    public static Answer planish(Object... words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = Main.run(
                new PrintWriter(out),
                new PrintWriter(err),
                Arrays.stream(words).map(Object::toString).toArray(String[]::new));
        return new Answer(exit, out.toString(), err.toString());
    }
}
