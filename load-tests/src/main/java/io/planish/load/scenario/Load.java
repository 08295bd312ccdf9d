package io.planish.load.scenario;

import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code ./planish load}: the scenarios, one verb each. */
@Command(
        name = "planish load",
        mixinStandardHelpOptions = true,
        description = {
            "Runs the whole stack on a fleet of real chains, lets things go wrong, and judges the result by QEMU's tools and the ledger.",
            "Ends with a table and a verdict; exit code 0 only if all is as it must be."
        },
        subcommands = {
            Throughput.class,
            Kills.class,
            Paused.class,
            PoolTrouble.class,
            Burst.class,
            Outages.class,
            CutOff.class,
            Soak.class
        },
        synopsisSubcommandLabel = "SCENARIO",
        footerHeading = "%nExample:%n",
        footer = "  planish load throughput --chains 1000 --pools 4 --workers 3")
public final class Load {
    /** Held here since loggers are only weakly reachable. */
    private static final Logger KAFKA_LOG = Logger.getLogger("org.apache.kafka");

    private Load() {}

    public static void main(String[] args) {
        System.exit(run(args));
    }

    /** Runs one scenario; 0: all is as it must be, 1: it is not, 2: wrong usage. */
    public static int run(String... args) {
        KAFKA_LOG.setLevel(Level.SEVERE);
        return new CommandLine(new Load())
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    failure.printStackTrace(line.getErr());
                    return 1;
                })
                .execute(args);
    }
}
