package io.planish.cli;

import io.planish.platform.Program;
import io.planish.platform.References;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Who is asked which files something outside refers to. */
final class ReferenceOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--references-libvirt",
            paramLabel = "DIR",
            description = "Keep what the libvirt XML in this folder names, of domains and of snapshots. Repeatable.")
    private List<Path> libvirt = new ArrayList<>();

    @Option(
            names = "--references-file",
            paramLabel = "FILE",
            description = "Keep what this text file names, one absolute path a line. Repeatable.")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = "--references-command",
            paramLabel = "CMD",
            description = "Keep what this command prints, one absolute path a line; run without a shell. Repeatable.")
    private List<String> commands = new ArrayList<>();

    @Option(
            names = "--references-timeout",
            paramLabel = "TIME",
            defaultValue = "60s",
            converter = PolicyOptions.DurationConverter.class,
            description = "How long each such command may take. Default: 60s.")
    private Duration timeout;

    /** The options themselves, for whoever is to ask the same again. */
    List<String> asked() {
        List<String> asked = new ArrayList<>();
        libvirt.forEach(folder -> asked.add("--references-libvirt " + folder.toAbsolutePath()));
        files.forEach(file -> asked.add("--references-file " + file.toAbsolutePath()));
        commands.forEach(command -> asked.add("--references-command '" + command + "'"));
        return asked;
    }

    References references() {
        return new References(
                libvirt,
                files,
                commands.stream()
                        .map(command -> program(spec, "--references-command", command, timeout))
                        .toList());
    }

    /** The command of an option, as words. */
    static Program program(CommandSpec spec, String option, String command, Duration limit) {
        try {
            return new Program(Program.words(command), limit);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), option + ": " + e.getMessage());
        }
    }
}
