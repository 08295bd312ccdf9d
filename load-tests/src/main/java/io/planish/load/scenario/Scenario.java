package io.planish.load.scenario;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** What all scenarios have in common: how large, where, and that they end with a verdict. */
abstract class Scenario implements Callable<Integer> {
    @Option(names = "--chains", description = "Leaves of the fleet. Default: ${DEFAULT-VALUE}.")
    int chains = 1000;

    @Option(names = "--pools", description = "Default: ${DEFAULT-VALUE}.")
    int pools = 4;

    @Option(names = "--workers", description = "Default: ${DEFAULT-VALUE}.")
    int workers = 3;

    @Option(names = "--slots", description = "Jobs at once in each worker. Default: ${DEFAULT-VALUE}.")
    int slots = 2;

    @Option(
            names = "--mib",
            description = "Data in each base, in MiB; overlays have a quarter. Default: ${DEFAULT-VALUE}.")
    int mib = 8;

    @Option(names = "--lease", description = "A worker's lease, in seconds. Default: ${DEFAULT-VALUE}.")
    int leaseSeconds = 6;

    @Option(names = "--seed", description = "The same seed makes the same fleet and faults. Default: ${DEFAULT-VALUE}.")
    long seed = 1;

    @Option(
            names = "--folder",
            description = "Where to work; a new folder in it is removed when all is well. Default: ${DEFAULT-VALUE}.")
    private Path parent = Path.of("/var/tmp");

    @Option(names = "--keep", description = "Keep fleet and logs also when all is well.")
    private boolean keep;

    private final long startedNanos = System.nanoTime();

    /** Plays the scenario in {@code folder}, which is empty, and writes down what was seen. */
    abstract void play(Path folder, Verdict verdict) throws IOException, InterruptedException;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(parent, "planish-load.");
        Verdict verdict = new Verdict();
        boolean well = false;
        try {
            play(folder, verdict);
            well = verdict.isGood();
            verdict.print();
        } finally {
            if (well && !keep) {
                delete(folder);
            } else {
                System.out.println("fleet and logs are kept in " + folder + " (seed " + seed + ")");
            }
        }
        return well ? 0 : 1;
    }

    /** Tells what is being done now. */
    void step(String what) {
        System.out.printf("[%4d s] %s%n", (System.nanoTime() - startedNanos) / 1_000_000_000, what);
    }

    static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
