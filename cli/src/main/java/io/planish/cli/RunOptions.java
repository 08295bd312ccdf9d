package io.planish.cli;

import io.planish.plan.Policy;
import io.planish.platform.Hooks;
import io.planish.platform.Program;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How the jobs of a plan are carried out. */
final class RunOptions {
    private static final int MOST_AT_ONCE = 64;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            defaultValue = "2",
            description = "How many jobs run side by side where they do not touch the same images. Default: 2.")
    private int jobs;

    @Option(
            names = "--canary",
            paramLabel = "N",
            description =
                    "Try it out: carry out at most N jobs, and nothing more in a pool once one of its jobs has failed."
                            + " 'apply' goes on with the rest. Default: as the plan was made; 0: all jobs.")
    private @Nullable Integer canary;

    @Option(names = "--json", description = "Say in JSON what was done, one object for each run of a plan.")
    private boolean json;

    @Option(
            names = "--hook-before",
            paramLabel = "CMD",
            description =
                    "Run this before each job, with the job as JSON on its standard input; unless it exits with 0 the"
                            + " job is skipped. Run without a shell.")
    private @Nullable String hookBefore;

    @Option(
            names = "--hook-after",
            paramLabel = "CMD",
            description =
                    "Run this after each job that was begun, with the job and its outcome as JSON on its standard input.")
    private @Nullable String hookAfter;

    @Option(
            names = "--hook-timeout",
            paramLabel = "TIME",
            defaultValue = "60s",
            converter = PolicyOptions.DurationConverter.class,
            description = "How long each hook may take. Default: 60s.")
    private Duration hookTimeout;

    Hooks hooks() {
        return new Hooks(hook("--hook-before", hookBefore), hook("--hook-after", hookAfter));
    }

    private Optional<Program> hook(String option, @Nullable String command) {
        return Optional.ofNullable(command).map(words -> ReferenceOptions.program(spec, option, words, hookTimeout));
    }

    /** @param policy under which the plan was made */
    PlanRun.Limits limits(Policy policy) {
        if (jobs < 1 || jobs > MOST_AT_ONCE) {
            throw wrong("--jobs is " + jobs + ", but must be from 1 to " + MOST_AT_ONCE);
        }
        if (canary != null && canary < 0) {
            throw wrong("--canary is " + canary + ", but must be at least 1, or 0 for all jobs");
        }
        int most = canary == null ? policy.canary().orElse(0) : canary;
        return new PlanRun.Limits(jobs, most == 0 ? Integer.MAX_VALUE : most);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    boolean json() {
        return json;
    }
}
