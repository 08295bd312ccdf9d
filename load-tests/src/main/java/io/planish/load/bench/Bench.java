package io.planish.load.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The benchmarks, one verb each. */
@Command(
        name = "planish bench",
        mixinStandardHelpOptions = true,
        description = "Measures Planish beside qemu-img on chains made by QEMU's tools.",
        subcommands = {
            MergeBench.class,
            CopyBench.class,
            ChainBench.class,
            CacheBench.class,
            RateBench.class,
            PlanBench.class,
            ScanBench.class,
            Loops.class
        },
        synopsisSubcommandLabel = "COMMAND")
public final class Bench {
    private Bench() {}

    /** Ends the process with 0 when all results were right, 1 when one was not. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new Bench())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    line.getErr().println("planish: " + failure.getMessage());
                    return 1;
                })
                .execute(args));
    }
}
