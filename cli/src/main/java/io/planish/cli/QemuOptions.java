package io.planish.cli;

import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options that {@code qemu-img commit} and {@code rebase} share. */
final class QemuOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "-f", paramLabel = "FMT", description = "The image's format; only qcow2.")
    private Optional<String> format = Optional.empty();

    @Option(
            names = "-t",
            paramLabel = "CACHE",
            description = "Taken for compatibility; what is reported done is durable, whatever the cache mode.")
    private Optional<String> cache = Optional.empty();

    @Option(names = "-p", description = "Show progress.")
    private boolean progress;

    @Option(names = "-q", description = "Say nothing but errors.")
    private boolean quiet;

    void check() {
        if (format.isPresent() && !format.get().equals("qcow2")) {
            throw new ParameterException(
                    spec.commandLine(), "format '" + format.get() + "' is not supported, only qcow2");
        }
    }

    ProgressLine line(String name) {
        PrintWriter err = spec.commandLine().getErr();
        return new ProgressLine(err, progress && !quiet ? ProgressLine.forPeople() : ProgressLine.Style.NONE, name);
    }

    void say(String what) {
        if (!quiet) {
            spec.commandLine().getOut().println(what);
        }
    }
}
