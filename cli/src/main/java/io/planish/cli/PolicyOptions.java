package io.planish.cli;

import io.planish.job.Verify;
import io.planish.plan.Policy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What an operator wants and forbids, on the command line. */
final class PolicyOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--max-depth",
            paramLabel = "N",
            defaultValue = "2",
            description = "How many files a chain may have; 1: images stand alone. Default: ${DEFAULT-VALUE}.")
    private int maxDepth;

    @Option(
            names = "--unshare",
            description = "Give images their own copy of what they share with others, where --max-depth needs it.")
    private boolean unshare;

    @Option(
            names = "--keep",
            paramLabel = "GLOB",
            description = "Images whose content and name stay. Repeatable; * within a name, ** across folders.")
    private List<String> keep = new ArrayList<>();

    @Option(names = "--protect", paramLabel = "GLOB", description = "Images that are not touched at all. Repeatable.")
    private List<String> protect = new ArrayList<>();

    @Option(
            names = "--verify",
            paramLabel = "HOW",
            defaultValue = "full",
            description = "How each merge is checked before a link changes: full, metadata or none. Default: full.")
    private Verify verify;

    /** @param grace how long leftovers stay in the trash; zero: removed at once */
    Policy policy(Duration grace, boolean dropRestorePoints) {
        try {
            return new Policy(
                    maxDepth,
                    unshare,
                    keep,
                    protect,
                    dropRestorePoints,
                    verify,
                    grace,
                    Policy.DEFAULT.headroomBytes(),
                    Policy.DEFAULT.maxBytesToWrite());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }
}
