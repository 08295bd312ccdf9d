package io.planish.cli;

import io.planish.job.Json;
import io.planish.plan.Explainer;
import io.planish.plan.Explanation;
import io.planish.plan.ExplanationReport;
import io.planish.plan.Plan;
import io.planish.plan.PlanFile;
import io.planish.plan.Planner;
import io.planish.plan.Policy;
import io.planish.plan.Snapshot;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The dry run. */
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        description = {
            "Shows what flatten would do, and changes nothing.",
            "The folders are taken to hold all overlays of their images."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  planish plan /pool/a",
            "  planish plan /pool/a /pool/b --max-depth 1 --protect 'golden*' -o plan.jsonl",
            "  planish plan /pool/a --keep-newest 2 --protect /pool/a/templates/",
            "  planish plan /pool/a --explain /pool/a/vm1.qcow2",
            "  planish plan /pool/a --json | jq 'select(.type==\"job\")'"
        })
final class PlanVerb implements Callable<Integer> {
    private static final int LAYERS = 20;

    @Spec
    private CommandSpec spec;

    @Mixin
    private PoolOptions pools;

    @Mixin
    private ReferenceOptions references;

    @Mixin
    private PolicyOptions policy;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Save the plan for 'planish apply FILE'.")
    private @Nullable Path file;

    @Option(
            names = "--canary",
            paramLabel = "N",
            description =
                    "Have each 'apply' of the plan carry out at most N jobs, and nothing more in a pool once one of its jobs has failed.")
    private Optional<Integer> canary = Optional.empty();

    @Option(
            names = "--json",
            description =
                    "Print the plan as it is saved, what space it needs as far as each job, how each tree looks before and after,"
                            + " and which chains are short enough: JSON Lines.")
    private boolean json;

    @Option(
            names = "--explain",
            paramLabel = "IMAGE",
            description =
                    "Say why this image gets what it gets: its chain, what may not be done to it, the targets there are and"
                            + " what each would write, and what its tree would cost under other options.")
    private @Nullable Path explain;

    @Option(names = "--all", description = "Print every tree, name and reason, however many they are.")
    private boolean all;

    @Override
    public Integer call() throws Exception {
        Workspace workspace = pools.open().with(references.references());
        Policy wanted = policy.policy(workspace, canary);
        Snapshot snapshot = workspace.scan(spec.commandLine().getErr());
        BegunJobs.nameOtherFolders(workspace, snapshot, spec.commandLine().getErr());
        if (explain != null) {
            explain(Explainer.of(workspace.ref(explain), snapshot, wanted));
            return ExitCode.DONE;
        }
        Plan plan = Planner.plan(snapshot, wanted);
        String saved = SavedPlan.of(plan, workspace, references.asked()).text();
        if (file != null) {
            Files.writeString(file, saved);
        }
        if (json) {
            spec.commandLine().getOut().print(saved);
            PlanFile.writePrefixes(plan, snapshot.forest(), spec.commandLine().getOut());
            PlanFile.writeTrees(plan, snapshot.forest(), spec.commandLine().getOut());
            PlanFile.writeShort(plan, snapshot.forest(), spec.commandLine().getOut());
        } else {
            PlanText.print(plan, snapshot, all, spec.commandLine().getOut());
        }
        return plan.jobs().isEmpty() && !plan.skips().isEmpty() ? ExitCode.ALL_SKIPPED : ExitCode.DONE;
    }

    private void explain(Explanation explained) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(explained));
        } else {
            ExplanationReport.of(explained, LAYERS, Terminal.width()).forEach(out::println);
        }
        out.flush();
    }
}
