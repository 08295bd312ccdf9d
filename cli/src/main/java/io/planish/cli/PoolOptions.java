package io.planish.cli;

import io.planish.image.Images;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The folders of a command, and what their images do not say of themselves. */
final class PoolOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", arity = "1..*", description = "Folders with images, looked through recursively.")
    private List<Path> folders;

    @Option(
            names = "--trusted-format",
            paramLabel = "FMT",
            description =
                    "What a backing file is where its overlay does not say: qcow2 or raw. Without it such images are"
                            + " left alone.")
    private @Nullable String trustedFormat;

    /** The folders, to look at. */
    Workspace open() throws IOException {
        return Workspace.toRead(folders, format());
    }

    /** The same for a verb that finishes what was begun in them. */
    Workspace openToFinish() throws IOException {
        return Workspace.toFinish(folders, format());
    }

    private Optional<String> format() {
        if (trustedFormat != null && !List.of(Images.QCOW2, Images.RAW).contains(trustedFormat)) {
            throw new ParameterException(
                    spec.commandLine(), "--trusted-format is '" + trustedFormat + "', but must be qcow2 or raw");
        }
        return Optional.ofNullable(trustedFormat);
    }
}
