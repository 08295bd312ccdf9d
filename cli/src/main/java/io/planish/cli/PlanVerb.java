package io.planish.cli;

import io.planish.plan.Plan;
import io.planish.plan.PlanFile;
import io.planish.plan.Planner;
import io.planish.plan.Policy;
import io.planish.plan.Snapshot;
import java.nio.file.Files;
import java.nio.file.Path;
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
            "  planish plan /pool/a --json | jq 'select(.type==\"job\")'"
        })
final class PlanVerb implements Callable<Integer> {
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
            names = "--json",
            description = "Print the plan as it is saved, and how each tree looks before and after: JSON Lines.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Workspace workspace = pools.open().with(references.references());
        Policy wanted = policy.policy(workspace);
        Snapshot snapshot = workspace.scan();
        Plan plan = Planner.plan(snapshot, wanted);
        String saved = SavedPlan.of(plan, workspace).text();
        if (file != null) {
            Files.writeString(file, saved);
        }
        if (json) {
            spec.commandLine().getOut().print(saved);
            PlanFile.writeTrees(plan, snapshot.forest(), spec.commandLine().getOut());
        } else {
            PlanText.print(plan, snapshot, spec.commandLine().getOut());
        }
        return plan.jobs().isEmpty() && !plan.skips().isEmpty() ? ExitCode.ALL_SKIPPED : ExitCode.DONE;
    }
}
