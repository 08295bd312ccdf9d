package io.planish.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.image.ChainMap;
import io.planish.image.Extent;
import io.planish.image.ImageChain;
import io.planish.image.Layer;
import io.planish.job.Json;
import io.planish.storage.LinuxStorage;
import io.planish.storage.Storage;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Tells where the parts of a disk stand. */
@Command(
        name = "map",
        mixinStandardHelpOptions = true,
        description = "Tells which file of its chain each part of a disk comes from, as qemu-img map does.",
        footerHeading = "%nExamples:%n",
        footer = {"  planish map disk.qcow2", "  planish map --json disk.qcow2"})
final class MapVerb implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "An image.")
    private String file;

    @Option(
            names = {"-s", "--start-offset"},
            paramLabel = "SIZE",
            description = "Where in the disk to start.",
            converter = SizeConverter.class)
    private long startOffset;

    @Option(
            names = {"-l", "--max-length"},
            paramLabel = "SIZE",
            description = "How much of the disk to look at.",
            converter = SizeConverter.class)
    private long maxLength = Long.MAX_VALUE;

    @Mixin
    private ReadOptions options;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() throws Exception {
        Storage storage = new LinuxStorage();
        List<LocalChain.Link> chain = LocalChain.of(storage, file, options.format(storage, file));
        List<Layer> layers = new ArrayList<>();
        try {
            print(LocalChain.open(storage, chain, layers), chain);
        } finally {
            for (Layer layer : layers) {
                layer.close();
            }
        }
        return ExitCode.DONE;
    }

    private void print(ImageChain view, List<LocalChain.Link> chain) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (json.asked()) {
            out.print('[');
            String[] separator = {""};
            ChainMap.forEach(view, startOffset, maxLength, extent -> {
                out.print(separator[0] + json(extent));
                separator[0] = ",\n";
            });
            out.println(']');
        } else {
            row(out, "Offset", "Length", "Mapped to", "File");
            ChainMap.forEach(view, startOffset, maxLength, extent -> row(out, extent, chain));
        }
    }

    private static String json(Extent extent) {
        ObjectNode node = Json.MAPPER.createObjectNode();
        node.put("start", extent.start()).put("length", extent.length()).put("depth", extent.depth());
        node.put("present", extent.present()).put("zero", extent.zero()).put("data", extent.data());
        extent.offset().ifPresent(offset -> node.put("offset", offset));
        return node.toString();
    }

    private static void row(PrintWriter out, String offset, String length, String mapped, String file) {
        out.printf("%-16s%-16s%-16s%s%n", offset, length, mapped, file);
    }

    /** The data of the disk; what reads as zeroes has no row. */
    private static void row(PrintWriter out, Extent extent, List<LocalChain.Link> chain) {
        if (extent.data() && !extent.zero()) {
            row(
                    out,
                    hex(extent.start()),
                    hex(extent.length()),
                    extent.offset().isPresent() ? hex(extent.offset().getAsLong()) : "compressed",
                    chain.get(extent.depth()).name());
        }
    }

    private static String hex(long value) {
        return value == 0 ? "0" : "0x" + Long.toHexString(value);
    }
}
