package io.planish.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Carries a saved plan out. */
@Command(
        name = "apply",
        mixinStandardHelpOptions = true,
        description = {
            "Carries a saved plan out in this process.",
            "Ctrl-C stops at a safe point; apply again goes on from there."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  planish plan /pool/a -o plan.jsonl", "  planish apply plan.jsonl"})
final class ApplyVerb implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "What 'planish plan -o FILE' has saved.")
    private Path file;

    @Override
    public Integer call() throws Exception {
        SavedPlan saved = SavedPlan.read(file);
        return new Execution(
                        saved, spec.commandLine().getOut(), spec.commandLine().getErr(), ProgressLine.forPeople())
                .run(file);
    }
}
