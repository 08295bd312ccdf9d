package io.planish.cli;

import io.planish.image.Images;
import io.planish.storage.Storage;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options that {@code qemu-img info} and {@code map} share. */
final class ReadOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "-f",
            paramLabel = "FMT",
            description = "The image's format, qcow2 or raw. Default: what it looks like.")
    private Optional<String> format = Optional.empty();

    @Option(
            names = {"-U", "--force-share"},
            description = "Taken for compatibility: nothing is locked here.")
    private boolean forceShare;

    /** As what the image is to be opened; only what is said here or looks like QCOW2 is ever followed to a backing file. */
    String format(Storage storage, String file) throws IOException {
        if (format.isEmpty()) {
            return LocalChain.looksLikeQcow2(storage, file) ? Images.QCOW2 : Images.RAW;
        }
        if (!format.get().equals(Images.QCOW2) && !format.get().equals(Images.RAW)) {
            throw new ParameterException(
                    spec.commandLine(), "format '" + format.get() + "' is not supported, only qcow2 and raw");
        }
        return format.get();
    }
}
