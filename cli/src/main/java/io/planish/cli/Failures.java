package io.planish.cli;

import io.planish.ImageException;
import io.planish.plan.Lines;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Makes one line of whatever went wrong: {@code planish: <image>: <what> (<what to do>)}. */
final class Failures {
    private Failures() {}

    /** The one line for {@code failure}, without a line end. */
    static String line(Throwable failure) {
        String text = switch (failure) {
            case ImageException e -> String.valueOf(e.getMessage());
            case UncheckedIOException e
            when e.getCause() != null -> line(e.getCause()).substring("planish: ".length());
            case NoSuchFileException e -> e.getFile() + ": does not exist";
            case FileSystemException e ->
                e.getFile() + ": " + (e.getReason() == null ? e.getClass().getSimpleName() : e.getReason());
            case IOException e -> e.getMessage() == null ? e.toString() : e.getMessage();
            case IllegalArgumentException e -> e.getMessage() == null ? e.toString() : e.getMessage();
            default -> "internal error: " + failure + " (please report it; PLANISH_TRACE=1 shows where)";
        };
        return "planish: " + Lines.oneLine(text.replaceAll("\\R\\s*", " "));
    }

    static int usage(ParameterException e, String... args) {
        CommandLine at = e.getCommandLine();
        String help = at.getCommandSpec().qualifiedName() + " --help";
        at.getErr()
                .println("planish: " + String.valueOf(e.getMessage()).replaceAll("\\R\\s*", " ") + " (see " + help
                        + ")");
        return at.getCommandSpec().exitCodeOnInvalidInput();
    }

    static int execution(Exception e, CommandLine at, ParseResult parsed) {
        at.getOut().flush();
        PrintWriter err = at.getErr();
        err.println(line(e));
        if (System.getenv("PLANISH_TRACE") != null) {
            e.printStackTrace(err);
        }
        return ExitCode.FAILED;
    }
}
