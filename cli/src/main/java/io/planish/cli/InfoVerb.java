package io.planish.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.planish.job.Json;
import io.planish.storage.LinuxStorage;
import io.planish.storage.Storage;
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

/** Tells what an image is. */
@Command(
        name = "info",
        mixinStandardHelpOptions = true,
        description = "Tells what an image is, as qemu-img info does.",
        footerHeading = "%nExamples:%n",
        footer = {"  planish info disk.qcow2", "  planish info --backing-chain --json disk.qcow2"})
final class InfoVerb implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "An image.")
    private String file;

    @Option(names = "--backing-chain", description = "All files of its chain, top first.")
    private boolean wholeChain;

    @Mixin
    private ReadOptions options;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() throws Exception {
        Storage storage = new LinuxStorage();
        PrintWriter out = spec.commandLine().getOut();
        List<ImageReport> reports = new ArrayList<>();
        String format = options.format(storage, file);
        for (LocalChain.Link image :
                wholeChain ? LocalChain.of(storage, file, format) : List.of(LocalChain.top(storage, file, format))) {
            reports.add(new ImageReport(image, DirectoryReport.of(storage, image)));
        }
        if (json.asked()) {
            ArrayNode all = Json.MAPPER.createArrayNode();
            reports.forEach(report -> all.add(report.json()));
            out.println(Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(wholeChain ? all : all.get(0)));
        } else {
            for (ImageReport report : reports) {
                if (report != reports.getFirst()) {
                    out.println();
                }
                report.print(out);
            }
        }
        return ExitCode.DONE;
    }
}
