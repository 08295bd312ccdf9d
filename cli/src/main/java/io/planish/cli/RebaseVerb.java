package io.planish.cli;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.image.Images;
import io.planish.job.Job;
import io.planish.job.Verify;
import io.planish.qcow2.Backing;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.Storage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Gives an image another backing file. */
@Command(
        name = "rebase",
        mixinStandardHelpOptions = true,
        exitCodeOnInvalidInput = ExitCode.FAILED,
        description = {
            "Gives an image another backing file; it goes on showing what it shows, as with qemu-img rebase.",
            "BACKING is seen from the image's folder, and written into it as given. With -u only the name changes."
        },
        exitCodeListHeading = "%nExit codes, as qemu-img has them:%n",
        exitCodeList = {"0:done", "1:anything else"},
        footerHeading = "%nExamples:%n",
        footer = {
            "  planish rebase -b golden-2.qcow2 -F qcow2 disk.qcow2",
            "  planish rebase -b '' disk.qcow2",
            "  planish rebase -u -b /new/place/base.qcow2 -F qcow2 disk.qcow2"
        })
final class RebaseVerb implements Callable<Integer> {
    /** Formats that a link may name where it is not followed. */
    private static final Set<String> FORMATS = Set.of(
            Images.QCOW2,
            Images.RAW,
            "qcow",
            "qed",
            "vmdk",
            "vdi",
            "vpc",
            "vhdx",
            "parallels",
            "luks",
            "bochs",
            "cloop",
            "dmg",
            "file",
            "host_device",
            "nbd",
            "rbd",
            "ssh",
            "http",
            "https",
            "iscsi",
            "nfs",
            "gluster");

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "A QCOW2 image.")
    private String file;

    @Option(
            names = "-b",
            paramLabel = "BACKING",
            description = "The new backing file; '' makes the image stand alone. Must be given unless -u is.")
    private String name = "";

    @Option(names = "-F", paramLabel = "FMT", description = "The new backing file's format; never guessed.")
    private Optional<String> format = Optional.empty();

    @Option(names = "-u", description = "Change the name only: for a backing file that was moved or renamed.")
    private boolean unsafe;

    @Mixin
    private QemuOptions qemu;

    @Option(names = "-T", paramLabel = "CACHE", description = "Taken for compatibility.")
    private Optional<String> sourceCache = Optional.empty();

    @Option(names = "-U", description = "Taken for compatibility; an image in use is left alone all the same.")
    private boolean shared;

    @Option(
            names = "--verify",
            paramLabel = "HOW",
            defaultValue = "metadata",
            description = "full (reads all that was written again), metadata or none. Default: ${DEFAULT-VALUE}.")
    private Verify verify;

    @Override
    public Integer call() throws Exception {
        qemu.check();
        sourceCache.ifPresent(qemu::checkCache);
        if (format.isPresent() && !FORMATS.contains(format.get())) {
            throw new ParameterException(spec.commandLine(), "invalid format name '" + format.get() + "'");
        }
        if (!unsafe && !spec.commandLine().getParseResult().hasMatchedOption("-b")) {
            throw new ParameterException(spec.commandLine(), "must specify backing file (-b) or use unsafe mode (-u)");
        }
        Optional<Backing> wanted = wanted();
        Storage storage = new LinuxStorage();
        if (!unsafe) {
            keepContent(storage, wanted);
            requireLinkedTo(LocalChain.top(storage, file), wanted);
        }
        BackingLinkEdit.run(storage, LocalChain.top(storage, file), wanted);
        return ExitCode.DONE;
    }

    /** What is left to change must be the form of the name, not the file it leads to. */
    private void requireLinkedTo(LocalChain.Link image, Optional<Backing> wanted) throws IOException {
        boolean same = image.backingName().isPresent() == wanted.isPresent();
        if (same && wanted.isPresent()) {
            Path backing = Path.of(image.backingName().orElseThrow()).toRealPath();
            same = LocalChain.sameFile(LocalChain.combined(file, wanted.get().name()), backing);
        }
        if (!same) {
            throw new ImageException(
                    ErrorKind.CHANGED_UNDERNEATH,
                    file,
                    "somebody has changed its backing file meanwhile",
                    "run it again");
        }
    }

    private Optional<Backing> wanted() {
        if (name.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Backing(
                name,
                format.orElseThrow(() -> new ParameterException(
                        spec.commandLine(), "the backing file's format must be given with -F"))));
    }

    /** Makes the image independent of what is in its chain and will not be in it afterwards. */
    private void keepContent(Storage storage, Optional<Backing> wanted) throws IOException {
        List<LocalChain.Link> newLinks = newChain(storage, wanted);
        OneShot one = OneShot.open(file, newLinks, List.of());
        Optional<ImageRef> base = newLinks.isEmpty()
                ? Optional.empty()
                : Optional.of(one.workspace().ref(newLinks.getFirst().path()));
        List<ImageNode> chain = one.chain();
        if (chain.getLast().backingImage().equals(base)) {
            BegunJobs.in(one.workspace())
                    .linking(one.top())
                    .finish(
                            new PrintWriter(Writer.nullWriter()),
                            spec.commandLine().getErr());
            return;
        }
        if (base.equals(Optional.of(one.top()))) {
            throw new ImageException(ErrorKind.UNSAFE, file, "it would become its own backing file", "");
        }
        boolean inChain =
                base.isEmpty() || chain.stream().map(ImageNode::ref).toList().contains(base.get());
        Job job = inChain
                ? OneShotJobs.pull(chain, base)
                : OneShotJobs.rebase(chain, one.forest().chain(base.get()));
        one.requireSafe(job);
        one.run(job, Set.of(), verify, qemu.line(file));
    }

    private List<LocalChain.Link> newChain(Storage storage, Optional<Backing> wanted) throws IOException {
        if (wanted.isEmpty()) {
            return List.of();
        }
        String newFormat = wanted.get().format().orElseThrow();
        if (PathGate.namesProtocol(name)) {
            throw new ImageException(
                    ErrorKind.OUTSIDE_ROOTS,
                    file,
                    "the new backing file '" + name + "' names a protocol, not a file",
                    "a file of this name in the image's folder is './" + name + "'");
        }
        String seen = LocalChain.combined(file, name);
        List<LocalChain.Link> links = LocalChain.of(storage, seen, newFormat);
        if (newFormat.equals(Images.RAW)
                && LocalChain.isQcow2(storage, links.getFirst().path())) {
            throw new ImageException(
                    ErrorKind.UNSAFE,
                    seen,
                    "it is a QCOW2 image, not raw",
                    "use -F qcow2, or -u if raw is really meant");
        }
        return links;
    }
}
