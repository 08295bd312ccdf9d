package io.planish.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.planish.job.Json;
import io.planish.plan.ScanSummary;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Collection;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows the chains in folders. */
@Command(
        name = "scan",
        mixinStandardHelpOptions = true,
        description = {
            "Shows the chains in these folders, how long they are, what is shared, and what will be left alone and why.",
            "Changes nothing. [base] stands for a file that several overlays use."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  planish scan /var/lib/libvirt/images", "  planish scan /pool/a /pool/b --json | jq .chains"})
final class ScanVerb implements Callable<Integer> {
    private static final int VERSION = 1;

    @Spec
    private CommandSpec spec;

    @Mixin
    private PoolOptions pools;

    @Mixin
    private JsonOption json;

    @Option(names = "--all", description = "Print every chain and every reason, however many they are.")
    private boolean all;

    @Override
    public Integer call() throws Exception {
        Workspace workspace = pools.open();
        PrintWriter out = spec.commandLine().getOut();
        ScanSummary summary = ScanSummary.of(workspace.scan(spec.commandLine().getErr()));
        if (json.asked()) {
            write(summary, out);
        } else {
            ScanText.print(summary, all, out);
        }
        return ExitCode.DONE;
    }

    /** Image by image, since there may be a million of them. */
    private static void write(ScanSummary summary, PrintWriter out) throws IOException {
        try (JsonGenerator json = Json.MAPPER
                .getFactory()
                .createGenerator(out)
                .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
                .useDefaultPrettyPrinter()) {
            json.writeStartObject();
            json.writeNumberField("version", VERSION);
            json.writePOJOField("totals", summary.totals());
            writeAll(json, "chains", summary.chains());
            writeAll(json, "images", summary.forest().nodes());
            writeAll(json, "findings", summary.findings());
            json.writeEndObject();
        }
        out.println();
    }

    private static void writeAll(JsonGenerator json, String name, Collection<?> values) throws IOException {
        json.writeArrayFieldStart(name);
        for (Object value : values) {
            Json.MAPPER.writeValue(json, value);
        }
        json.writeEndArray();
    }
}
