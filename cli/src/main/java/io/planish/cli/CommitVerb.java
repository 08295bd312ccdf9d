package io.planish.cli;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Trait;
import io.planish.engine.JobRunner;
import io.planish.job.JobResult;
import io.planish.job.Verify;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Puts an image's data down into a backing file. */
@Command(
        name = "commit",
        mixinStandardHelpOptions = true,
        exitCodeOnInvalidInput = ExitCode.FAILED,
        description = {
            "Puts the data of an image down into its backing file, as qemu-img commit does.",
            "Unlike there, a file that another overlay depends on is refused, and a stopped run goes on where it was."
        },
        exitCodeListHeading = "%nExit codes, as qemu-img has them:%n",
        exitCodeList = {"0:done", "1:anything else"},
        footerHeading = "%nExamples:%n",
        footer = {"  planish commit disk.qcow2", "  planish commit -p -b golden.qcow2 disk.qcow2"})
final class CommitVerb implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", description = "A QCOW2 image with a backing file.")
    private String file;

    @Option(
            names = "-b",
            paramLabel = "BASE",
            description = "The file of its chain that takes the data of all above it; implies -d. "
                    + "Default: the immediate backing file.")
    private Optional<String> base = Optional.empty();

    @Option(names = "-d", description = "Do not empty FILE afterwards.")
    private boolean keepData;

    @Option(
            names = "-r",
            paramLabel = "RATE",
            description = "Write at most so many bytes a second; k, M, G, T, P or E may follow.",
            converter = RateConverter.class)
    private long bytesPerSecond = Long.MAX_VALUE;

    @Mixin
    private QemuOptions qemu;

    @Option(
            names = "--pool",
            paramLabel = "DIR",
            description = "A folder in which further overlays may be, with all inside it; may be given again. "
                    + "The folders of the chain's own files are always looked at.")
    private List<Path> pools = List.of();

    @Option(
            names = "--force-shared",
            description = "Commit although other overlays depend on a file that changes; what these show is lost. "
                    + "They are named in a warning.")
    private boolean forceShared;

    @Option(
            names = "--verify",
            paramLabel = "HOW",
            defaultValue = "metadata",
            description = "full (reads all that was written again), metadata or none. Default: ${DEFAULT-VALUE}.")
    private Verify verify;

    @Override
    public Integer call() throws Exception {
        qemu.check();
        OneShot one = OneShot.open(file, List.of(), pools);
        List<ImageNode> chain = one.chain();
        if (chain.size() < 2) {
            throw new ImageException(
                    ErrorKind.UNSAFE, file, "it has no backing file", "there is nothing to commit into");
        }
        ImageRef into = base.isPresent()
                ? one.requireInChain(base.get())
                : chain.get(chain.size() - 2).ref();
        int at = chain.stream().map(ImageNode::ref).toList().indexOf(into);
        List<ImageNode> changing = chain.subList(at, chain.size() - 1);
        Set<ImageRef> others = otherOverlays(one, changing);
        boolean empties = base.isEmpty() && !keepData;
        if (empties && chain.getLast().has(Trait.INTERNAL_SNAPSHOTS)) {
            throw new ImageException(
                    ErrorKind.UNSAFE, file, "it holds internal snapshots and cannot be emptied", "delete them first");
        }
        JobResult result =
                one.run(OneShotJobs.commit(chain, chain.get(at)), others, verify, qemu.line(file), bytesPerSecond);
        if (empties && result.notes().contains(JobRunner.EARLIER)) {
            qemu.warn(file
                    + ": an earlier run had committed it; it is not emptied, since its base may have been written since"
                    + " (commit again)");
        } else if (empties) {
            Emptying.run(one.workspace(), chain.getLast(), file);
        }
        qemu.say("Image committed.");
        return ExitCode.DONE;
    }

    /** Overlays besides the chain's own that depend on what a commit changes. */
    private Set<ImageRef> otherOverlays(OneShot one, List<ImageNode> changing) throws IOException {
        Set<ImageRef> chain = one.chain().stream().map(ImageNode::ref).collect(Collectors.toSet());
        Set<ImageRef> others = new TreeSet<>();
        for (ImageNode image : changing) {
            one.forest().overlays(image.ref()).stream()
                    .map(ImageNode::ref)
                    .filter(overlay -> !chain.contains(overlay))
                    .forEach(others::add);
        }
        Optional<String> unseen = forceShared ? Optional.empty() : one.linkOutOf(pools);
        if (unseen.isPresent()) {
            throw new ImageException(ErrorKind.UNSAFE, file, unseen.get(), "");
        }
        if (!others.isEmpty()) {
            String names = others.stream().map(one::nameOf).collect(Collectors.joining(", "));
            if (!forceShared) {
                throw new ImageException(
                        ErrorKind.UNSAFE,
                        file,
                        "committing would change what other overlays show: " + names,
                        "pull instead, or add --force-shared if they may be lost");
            }
            qemu.warn(file + ": what other overlays show is lost: " + names);
        }
        return others;
    }
}
