package io.planish.load.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Whether a bounded merge keeps to its bytes per second over every ten seconds. */
@Command(
        name = "rate",
        mixinStandardHelpOptions = true,
        description = "Commits under a bound on bytes per second and looks at every ten seconds of it.")
final class RateBench implements Callable<Integer> {
    private static final int WINDOW_SECONDS = 10;
    private static final double TOLERANCE = 0.05;
    /** What was given to the kernel; its {@code write_bytes} counts whole folios, however little of one was written. */
    private static final String WRITTEN = "wchar: ";

    @Option(
            names = "--folder",
            description = "Where to work; a new folder in it is removed at the end. Default: ${DEFAULT-VALUE}.")
    private Path parent = Path.of("/var/tmp");

    @Option(names = "--mib", description = "MiB per second. Default: ${DEFAULT-VALUE}.")
    private int mib = 32;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(parent, "planish-bench.");
        try {
            Seed seed = new Seed(folder.resolve("seed"), Seed.Shape.EXTENTS, 2048, 2048, 450);
            seed.build();
            return watch(seed.folder());
        } finally {
            Seed.delete(folder);
        }
    }

    private int watch(Path folder) throws IOException, InterruptedException {
        long limit = mib * 1048576L;
        Process process = new ProcessBuilder(
                        System.getProperty("planish.home") + "/planish",
                        "commit",
                        "-q",
                        "-d",
                        "-b",
                        "base",
                        "-r",
                        String.valueOf(limit),
                        "active")
                .directory(folder.toFile())
                .inheritIO()
                .start();
        List<Long> perSecond = new ArrayList<>();
        Path account = Path.of("/proc/" + process.pid() + "/io");
        while (process.isAlive()) {
            try {
                long written = written(account);
                if (written > 0) {
                    perSecond.add(written);
                }
            } catch (IOException ended) {
                break;
            }
            Thread.sleep(1000);
        }
        if (process.waitFor() != 0) {
            throw new IOException("planish commit -r failed");
        }
        double worst = 0;
        int windows = 0;
        // what comes before the first and after the last byte of data is no merge
        for (int i = 2; i + WINDOW_SECONDS < perSecond.size() - 1; i++) {
            double rate = (perSecond.get(i + WINDOW_SECONDS) - perSecond.get(i)) / (double) WINDOW_SECONDS;
            worst = Math.max(worst, Math.abs(rate / limit - 1));
            windows++;
        }
        System.out.printf(
                "%d windows of %d s at %d MiB/s: worst deviation %.1f %%%n", windows, WINDOW_SECONDS, mib, 100 * worst);
        return windows > 0 && worst <= TOLERANCE ? 0 : 1;
    }

    private static long written(Path account) throws IOException {
        return Files.readAllLines(account).stream()
                .filter(line -> line.startsWith(WRITTEN))
                .mapToLong(line -> Long.parseLong(line.substring(WRITTEN.length())))
                .sum();
    }
}
