package io.planish.coordinator;

import io.planish.coordinator.request.RunOnce;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.util.Arrays;
import java.util.List;

/** Without arguments the service; {@code run-once …} makes one run, watches it, and exits 0 if all of it was done. */
@QuarkusMain
public final class CoordinatorMain implements QuarkusApplication {
    private static final String RUN_ONCE = "run-once";

    private final RunOnce runOnce;

    CoordinatorMain(RunOnce runOnce) {
        this.runOnce = runOnce;
    }

    public static void main(String... args) {
        if (args.length > 0 && args[0].equals(RUN_ONCE)) {
            // A job in a cluster serves nobody, and may run beside the service.
            System.setProperty("quarkus.http.host-enabled", "false");
            // What it prints is for a program to read.
            System.setProperty("quarkus.log.console.stderr", "true");
        }
        Quarkus.run(CoordinatorMain.class, args);
    }

    @Override
    public int run(String... args) {
        List<String> arguments = Arrays.asList(args);
        if (arguments.isEmpty()) {
            Quarkus.waitForExit();
            return 0;
        }
        if (!arguments.getFirst().equals(RUN_ONCE)) {
            System.err.println("planish: coordinator: '" + arguments.getFirst()
                    + "' is no argument (none, or run-once, see run-once --help)");
            return 2;
        }
        return runOnce.run(arguments.subList(1, arguments.size()), System.out, System.err);
    }
}
