package io.planish.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.chain.Problem;
import io.planish.job.Json;
import io.planish.plan.Bytes;
import io.planish.plan.ScanSummary;
import io.planish.plan.Snapshot;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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

    @Override
    public Integer call() throws Exception {
        Workspace workspace = pools.open();
        Snapshot snapshot = workspace.scan();
        PrintWriter out = spec.commandLine().getOut();
        if (json.asked()) {
            out.println(Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json(snapshot)));
        } else {
            print(snapshot, out);
        }
        return ExitCode.DONE;
    }

    private static ObjectNode json(Snapshot snapshot) {
        ScanSummary summary = ScanSummary.of(snapshot);
        ObjectNode json = Json.MAPPER.createObjectNode().put("version", VERSION);
        json.set("chains", Json.MAPPER.valueToTree(summary.chains()));
        json.set("images", Json.MAPPER.valueToTree(snapshot.forest().nodes()));
        json.set("findings", Json.MAPPER.valueToTree(summary.findings()));
        return json;
    }

    private static void print(Snapshot snapshot, PrintWriter out) {
        ScanSummary summary = ScanSummary.of(snapshot);
        Table chains = new Table().row("files", "on disk", "chain");
        Table leftAlone = new Table();
        for (ScanSummary.Chain chain : summary.chains()) {
            chains.row(chain.files(), Bytes.text(chain.allocatedBytes()), chain.drawing());
            chain.problem().ifPresent(problem -> row(leftAlone, chain.leaf(), problem));
        }
        summary.findings().forEach(finding -> row(leftAlone, finding.where(), finding.problem()));
        if (!summary.chains().isEmpty()) {
            chains.print(out, "");
            out.println();
        }
        if (!leftAlone.isEmpty()) {
            out.println("Left alone");
            leftAlone.print(out, "  ");
            out.println();
        }
        out.println(summary.headline());
    }

    private static void row(Table table, Object where, Problem problem) {
        table.row(where, problem.reason(), problem.sentence());
    }
}
