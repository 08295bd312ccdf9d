package io.planish.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.engine.CommitsInto;
import io.planish.image.HeaderFile;
import io.planish.image.Images;
import io.planish.image.MetadataCheck;
import io.planish.job.Json;
import io.planish.storage.ImageFile;
import io.planish.storage.ImageFile.LockConflict;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.LinuxStorage;
import io.planish.storage.Storage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
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

/** Checks an image's tables. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        exitCodeOnInvalidInput = ExitCode.FAILED,
        description = "Checks an image's tables and refcounts, as qemu-img check does.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:no errors",
            "1:the check could not be made",
            "2:errors",
            "3:leaked clusters only",
            "63:not an image that can be checked"
        },
        footerHeading = "%nExamples:%n",
        footer = {"  planish check disk.qcow2", "  planish check --repair leaks disk.qcow2"})
final class CheckVerb implements Callable<Integer> {
    private static final int ERRORS = 2;
    private static final int LEAKS = 3;
    private static final int NOT_SUPPORTED = 63;
    private static final String LEFT_OVER_MARK = "mark";
    private static final Set<String> REPAIRS = Set.of("leaks", LEFT_OVER_MARK);

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "A QCOW2 image.")
    private String file;

    @Option(
            names = {"-r", "--repair"},
            paramLabel = "WHAT",
            description = {
                "'leaks': give leaked clusters back, and put refcounts right that a crash left behind.",
                "'mark': let go of a commit that was begun and not finished, and take its mark off. For where another tool has "
                        + "finished it, or the overlay that was committed is gone; else the image is left half merged, and right only "
                        + "for what stands on it. Takes raw files and names that are no more, too."
            })
    private Optional<String> repair = Optional.empty();

    @Option(
            names = {"-U", "--force-share"},
            description = "Check although somebody writes the image; the answer may be wrong then.")
    private boolean forceShare;

    @Option(names = "-f", paramLabel = "FMT", description = "The image's format; only qcow2 can be checked.")
    private Optional<String> format = Optional.empty();

    @Option(names = "-T", paramLabel = "CACHE", description = "Taken for compatibility.")
    private Optional<String> cache = Optional.empty();

    @Option(names = "-q", description = "Say nothing but errors.")
    private boolean quiet;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() throws Exception {
        if (repair.isPresent() && !REPAIRS.contains(repair.get())) {
            throw new ParameterException(
                    spec.commandLine(),
                    repair.get().equals("all")
                            ? "'all' is not repaired: it may make damage worse (only 'leaks' is)"
                            : "unknown repair '" + repair.get() + "', only 'leaks' and 'mark'");
        }
        Storage storage = new LinuxStorage();
        boolean letsGo = repair.filter(LEFT_OVER_MARK::equals).isPresent();
        if (letsGo && !Files.exists(Path.of(file))) {
            // renamed or removed: there is no mark, but what is remembered under this name keeps others from going on
            letGo(gone());
            return ExitCode.DONE;
        }
        boolean isQcow2 = format.map(Images.QCOW2::equals).orElse(LocalChain.looksLikeQcow2(storage, file));
        if (!isQcow2 && letsGo) {
            LocalChain.Link raw = LocalChain.top(storage, file, Images.RAW);
            try (ImageFile open = storage.open(raw.path(), OpenMode.READ_WRITE)) {
                lock(open, LockMode.WRITE);
                letGo(raw.path());
                return ExitCode.DONE;
            }
        }
        if (!isQcow2) {
            spec.commandLine()
                    .getErr()
                    .println("planish: " + file + ": this image format does not support checks (only qcow2 does)");
            return NOT_SUPPORTED;
        }
        Optional<MetadataCheck.Result> cutOff = cutOff(storage);
        if (cutOff.isPresent()) {
            if (!quiet || json.asked()) {
                print(cutOff.get(), cutOff.get());
            }
            return ERRORS;
        }
        LocalChain.Link image = LocalChain.top(storage, file);
        boolean repairs = repair.isPresent();
        try (ImageFile open = storage.open(image.path(), repairs ? OpenMode.READ_WRITE : OpenMode.READ)) {
            if (!forceShare || repairs) {
                lock(open, repairs ? LockMode.WRITE : LockMode.READ);
            }
            MetadataCheck.Result before = MetadataCheck.run(open, file);
            MetadataCheck.Result result = before;
            if (letsGo) {
                // the mark last: without it a commit that is still remembered would begin again
                letGo(image.path());
                HeaderFile.edit(open, edit -> edit.halfMerged(false));
            } else if (repairs && !before.isClean()) {
                MetadataCheck.repair(open, file);
                result = MetadataCheck.run(open, file);
            }
            if (!quiet || json.asked()) {
                print(result, before);
            }
            return result.corruptions() > 0 ? ERRORS : result.leaks() > 0 ? LEAKS : ExitCode.DONE;
        }
    }

    /** Of an image whose header refers to tables past the file's end there is nothing else to check: corruption, as for {@code qemu-img}. */
    private Optional<MetadataCheck.Result> cutOff(Storage storage) throws IOException {
        try {
            LocalChain.top(storage, file);
            return Optional.empty();
        } catch (ImageException e) {
            Path path = storage.realPath(Path.of(file).toAbsolutePath());
            try (ImageFile open = storage.open(path, OpenMode.READ)) {
                if (e.kind() != ErrorKind.MALFORMED_IMAGE || !Images.endsBeforeItsTables(open)) {
                    throw e;
                }
                return Optional.of(new MetadataCheck.Result(
                        1, 0, 0, 0, 0, 0, 0, 0, open.sizeBytes(), List.of("ERROR " + e.what())));
            }
        }
    }

    private Path gone() throws IOException {
        Path absolute = Path.of(file).toAbsolutePath();
        Path folder = absolute.resolveSibling(".");
        if (!Files.isDirectory(folder)) {
            throw new ImageException(ErrorKind.MISSING, file, "its folder does not exist", "give the name that it had");
        }
        return folder.toRealPath().resolve(absolute.getFileName());
    }

    private void letGo(Path image) throws IOException {
        CommitsInto.LetGo letGo = new CommitsInto(new LinuxStorage(), image).letGo();
        PrintWriter out = spec.commandLine().getOut();
        if (quiet || json.asked()) {
            return;
        }
        out.println(
                letGo.commits() == 0
                        ? "No commit into it is remembered."
                        : "Let go of " + letGo.commits()
                                + " begun commit(s). Unless another tool has finished it, the image is right only for what stands on it.");
        letGo.stillMarked()
                .forEach(layer -> out.println(layer + " keeps its mark (planish check -r mark, with its path)"));
    }

    private void lock(ImageFile open, LockMode mode) throws IOException {
        Optional<LockConflict> conflict = open.tryLock(mode);
        if (conflict.isPresent()) {
            throw new ImageException(
                    ErrorKind.IMAGE_IN_USE,
                    file,
                    switch (conflict.get()) {
                        case PLANISH -> "Planish is working on it";
                        case OTHER -> "it is open elsewhere for writing";
                    },
                    mode == LockMode.READ ? "wait, or check all the same with -U" : "wait until it is closed");
        }
    }

    private void print(MetadataCheck.Result result, MetadataCheck.Result before) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (json.asked()) {
            out.println(Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json(result, before)));
            return;
        }
        result.messages().forEach(out::println);
        if (before.leaks() > result.leaks()) {
            out.println("Repaired: " + (before.leaks() - result.leaks()) + " leaked clusters");
        }
        if (before.corruptions() > result.corruptions()) {
            out.println("Repaired: " + (before.corruptions() - result.corruptions()) + " errors");
        }
        if (result.isClean()) {
            out.println("No errors were found on the image.");
        }
        if (result.corruptions() > 0) {
            out.println();
            out.println(result.corruptions() + " errors were found on the image.");
            out.println("Data may be corrupted, or further writes to the image may corrupt it.");
        }
        if (result.leaks() > 0) {
            out.println();
            out.println(result.leaks() + " leaked clusters were found on the image.");
            out.println("This means waste of disk space, but no harm to data.");
        }
        if (result.totalClusters() > 0 && result.allocatedClusters() > 0) {
            out.println(result.allocatedClusters() + "/" + result.totalClusters() + " = "
                    + percent(result.allocatedClusters(), result.totalClusters()) + " allocated, "
                    + percent(result.fragmentedClusters(), result.allocatedClusters()) + " fragmented, "
                    + percent(result.compressedClusters(), result.allocatedClusters()) + " compressed clusters");
        }
        out.println("Image end offset: " + result.imageEndOffset());
    }

    private static String percent(long part, long whole) {
        return ImageReport.fixed(part * 100.0 / whole, 2) + "%";
    }

    /** As with {@code qemu-img}, what is zero is left out. */
    private ObjectNode json(MetadataCheck.Result result, MetadataCheck.Result before) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("filename", file).put("format", "qcow2").put("check-errors", 0);
        json.put("image-end-offset", result.imageEndOffset());
        putUnlessZero(json, "total-clusters", result.totalClusters());
        putUnlessZero(json, "allocated-clusters", result.allocatedClusters());
        putUnlessZero(json, "fragmented-clusters", result.fragmentedClusters());
        putUnlessZero(json, "compressed-clusters", result.compressedClusters());
        putUnlessZero(json, "corruptions", result.corruptions());
        putUnlessZero(json, "leaks", result.leaks());
        putUnlessZero(json, "corruptions-fixed", before.corruptions() - result.corruptions());
        putUnlessZero(json, "leaks-fixed", before.leaks() - result.leaks());
        return json;
    }

    private static void putUnlessZero(ObjectNode json, String name, long value) {
        if (value > 0) {
            json.put(name, value);
        }
    }
}
