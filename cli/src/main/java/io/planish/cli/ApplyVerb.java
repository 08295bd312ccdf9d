package io.planish.cli;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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
        footer = {
            "  planish plan /pool/a -o plan.jsonl",
            "  planish apply plan.jsonl",
            "  planish apply plan.jsonl --canary 3",
            "  planish apply plan.jsonl --target /pool/a/vm.qcow2 --json"
        })
final class ApplyVerb implements Callable<Integer> {
    private static final Duration CLOCKS_DIFFER = Duration.ofMinutes(-5);

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "What 'planish plan -o FILE' has saved.")
    private Path file;

    @Mixin
    private ReferenceOptions references;

    @Mixin
    private RunOptions options;

    @Option(
            names = "--target",
            paramLabel = "IMAGE",
            description = "Carry out only what makes this image's chain shorter, and what that depends on.")
    private @Nullable Path target;

    @Option(
            names = "--max-plan-age",
            paramLabel = "TIME",
            defaultValue = "1d",
            converter = PolicyOptions.DurationConverter.class,
            description = "Refuse a plan that is older and was not begun: 30m, 12h, 7d. Default: 1d.")
    private Duration maxAge;

    @Option(names = "--delete", description = "Remove leftovers at once, whatever the plan says of the trash.")
    private boolean delete;

    @Override
    public Integer call() throws Exception {
        SavedPlan made = SavedPlan.read(file);
        requireFresh(made);
        requireSameReferences(made);
        SavedPlan saved = delete ? made.deleting() : made;
        return new Execution(
                        saved,
                        references.references(),
                        options,
                        spec.commandLine().getOut(),
                        spec.commandLine().getErr())
                .run(file, Optional.ofNullable(target))
                .exitCode();
    }

    /** Whoever was asked for the plan what must stay is asked again: somebody may refer to more by now. */
    private void requireSameReferences(SavedPlan saved) throws ImageException {
        List<String> missing = new ArrayList<>(saved.asked());
        missing.removeAll(references.asked());
        if (!missing.isEmpty()) {
            throw new ImageException(
                    ErrorKind.UNSAFE,
                    file.toString(),
                    "was made asking who refers to images, which is asked again before anything ends",
                    "add " + String.join(" ", missing));
        }
    }

    /** What was begun goes on at any age: what has changed since is noticed all the same. */
    private void requireFresh(SavedPlan saved) throws ImageException {
        Duration age = Duration.between(saved.madeAt(), Instant.now());
        if (age.compareTo(CLOCKS_DIFFER) < 0) {
            throw new ImageException(
                    ErrorKind.CHANGED_UNDERNEATH,
                    file.toString(),
                    "the plan was made at " + saved.madeAt() + ", which is still to come, so its age cannot be told",
                    "set the clock right, or make the plan anew with plan -o FILE");
        }
        boolean begun =
                Files.exists(StateFolder.ofAllRuns().resolve(saved.plan().snapshot()));
        if (age.compareTo(maxAge) > 0 && !begun) {
            throw new ImageException(
                    ErrorKind.CHANGED_UNDERNEATH,
                    file.toString(),
                    "the plan is " + ProgressBoard.text(age) + " old, and may be " + ProgressBoard.text(maxAge)
                            + " old",
                    "make it anew with plan -o FILE, or allow it with --max-plan-age");
        }
    }
}
