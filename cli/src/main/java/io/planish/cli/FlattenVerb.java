package io.planish.cli;

import io.planish.chain.ImageRef;
import io.planish.plan.Plan;
import io.planish.plan.PlanPart;
import io.planish.plan.Planner;
import io.planish.plan.Policy;
import io.planish.plan.Snapshot;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Scan, plan, show, ask, apply. */
@Command(
        name = "flatten",
        mixinStandardHelpOptions = true,
        description = {
            "Shortens the chains in these folders: plans, shows the plan, asks, carries it out.",
            "The folders are taken to hold all overlays of their images."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  planish flatten /var/lib/libvirt/images",
            "  planish flatten /pool/a /pool/b --max-depth 1 --unshare --yes",
            "  planish flatten /pool/a --keep 'golden*' --delete"
        })
final class FlattenVerb implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private PoolOptions pools;

    @Mixin
    private ReferenceOptions references;

    @Mixin
    private PolicyOptions policy;

    @Option(names = "--yes", description = "Do not ask.")
    private boolean yes;

    @Option(names = "--all", description = "Show every tree, name and reason of the plan, however many they are.")
    private boolean all;

    @Mixin
    private RunOptions options;

    @Override
    public Integer call() throws Exception {
        if (!yes && !Terminal.isInput()) {
            throw new ParameterException(
                    spec.commandLine(), "there is nobody to ask: add --yes, or use 'planish plan'");
        }
        PrintWriter out = spec.commandLine().getOut();
        Workspace workspace = pools.openToFinish().with(references.references());
        BegunJobs begun = BegunJobs.in(workspace);
        boolean allFinished = true;
        if (!begun.isEmpty()) {
            begun.print(out);
            if (!yes && !agreed(out)) {
                out.println("Nothing was changed.");
                return ExitCode.DONE;
            }
            // what could not be finished is marked on disk and left alone; the other chains need not wait for it
            allFinished = begun.finish(out, spec.commandLine().getErr());
        }
        Policy wanted = policy.policy(workspace, Optional.empty());
        Snapshot snapshot = workspace.scan(spec.commandLine().getErr());
        BegunJobs.nameOtherFolders(workspace, snapshot, spec.commandLine().getErr());
        int exit = flatten(workspace, snapshot, Planner.plan(snapshot, wanted), true, out);
        return allFinished ? exit : ExitCode.FAILED;
    }

    /** @param again whether trees that have changed since the plan was made are to be planned once more */
    private int flatten(Workspace workspace, Snapshot snapshot, Plan plan, boolean again, PrintWriter out)
            throws IOException {
        if (!options.json()) {
            PlanText.print(plan, snapshot, all, out);
        }
        if (plan.jobs().isEmpty()) {
            return plan.skips().isEmpty() ? ExitCode.DONE : ExitCode.ALL_SKIPPED;
        }
        workspace.requireWritable(plan.jobs());
        if (!yes && !agreed(out)) {
            out.println("Nothing was changed.");
            return ExitCode.DONE;
        }
        SavedPlan saved = SavedPlan.of(plan, workspace, references.asked());
        Path file = Files.createDirectories(StateFolder.ofAllRuns().resolve(plan.snapshot()))
                .resolve("plan.jsonl");
        Files.writeString(file, saved.text());
        RunSummary summary = new Execution(
                        saved,
                        references.references(),
                        options,
                        out,
                        spec.commandLine().getErr())
                .run(file, Optional.empty());
        Set<ImageRef> stale = summary.staleImages();
        if (!again || summary.stopped() || stale.isEmpty()) {
            return summary.exitCode();
        }
        if (!options.json()) {
            out.println("What has changed since the plan was made is planned again.");
        }
        Workspace marked = pools.open().with(references.references()); // the folders have got their markers
        Snapshot now = marked.scan(spec.commandLine().getErr());
        Plan fresh = PlanPart.touching(Planner.plan(now, plan.policy()), stale);
        int exit = flatten(marked, now, fresh, false, out);
        return summary.withoutStale().exitCode() == ExitCode.FAILED ? ExitCode.FAILED : exit;
    }

    private static boolean agreed(PrintWriter out) throws IOException {
        out.print("Carry this out? [y/N] ");
        out.flush();
        String answer = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        return answer != null && (answer.equalsIgnoreCase("y") || answer.equalsIgnoreCase("yes"));
    }
}
