package io.planish.cli;

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
                            + " 'apply' goes on with the rest.")
    private int canary = Integer.MAX_VALUE;

    @Option(names = "--json", description = "Say in JSON what was done, one object for each run of a plan.")
    private boolean json;

    PlanRun.Limits limits() {
        requireWithin("--jobs", jobs, MOST_AT_ONCE);
        requireWithin("--canary", canary, Integer.MAX_VALUE);
        return new PlanRun.Limits(jobs, canary);
    }

    private void requireWithin(String option, int value, int most) {
        if (value < 1 || value > most) {
            throw new ParameterException(
                    spec.commandLine(), option + " is " + value + ", but must be from 1 to " + most);
        }
    }

    boolean json() {
        return json;
    }
}
