package io.planish.cli;

import io.planish.image.Images;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options that {@code qemu-img commit} and {@code rebase} share. */
final class QemuOptions {
    private static final Set<String> CACHE_MODES = Set.of("none", "writeback", "writethrough", "directsync", "unsafe");

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

    @Option(names = "--image-opts", hidden = true)
    private boolean imageOpts;

    @Option(names = "--object", hidden = true)
    private Optional<String> object = Optional.empty();

    void check() {
        if (imageOpts) {
            throw refused("--image-opts is not supported: name the file itself");
        }
        if (object.isPresent()) {
            throw refused("--object is not supported: encrypted images are left alone");
        }
        if (format.isPresent() && !format.get().equals(Images.QCOW2)) {
            throw refused("format '" + format.get() + "' is not supported, only qcow2");
        }
        cache.ifPresent(this::checkCache);
    }

    void checkCache(String mode) {
        if (!CACHE_MODES.contains(mode)) {
            throw refused("invalid cache option '" + mode + "'");
        }
    }

    private ParameterException refused(String what) {
        return new ParameterException(spec.commandLine(), what);
    }

    /** Progress in the words of {@code qemu-img}, on standard output as there, for scripts that read it. */
    ProgressLine line(String name) {
        PrintWriter out = spec.commandLine().getOut();
        return new ProgressLine(out, progress && !quiet ? ProgressLine.Style.QEMU : ProgressLine.Style.NONE, name);
    }

    void say(String what) {
        if (!quiet) {
            spec.commandLine().getOut().println(what);
        }
    }

    void warn(String what) {
        spec.commandLine().getErr().println("planish: warning: " + what);
    }
}
