package io.planish.load.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** One very long chain: opened, mapped and merged, beside what {@code qemu-img} can do of it. */
@Command(
        name = "chain",
        mixinStandardHelpOptions = true,
        description = "Times map, commit and flatten of one chain of many layers beside qemu-img.")
final class ChainBench implements Callable<Integer> {
    @Option(
            names = "--folder",
            description = "Where to work; a new folder in it is removed at the end. Default: ${DEFAULT-VALUE}.")
    private Path parent = Path.of("/var/tmp");

    @Option(names = "--layers", description = "Default: ${DEFAULT-VALUE}.")
    private int layers = 1000;

    @Option(names = "--extents", description = "Extents of 64 KiB that each layer owns. Default: ${DEFAULT-VALUE}.")
    private int extents = 100;

    @Override
    public Integer call() throws IOException, InterruptedException {
        String planish = System.getProperty("planish.home") + "/planish";
        Path folder = Files.createTempDirectory(parent, "planish-bench.");
        try {
            build(folder.resolve("chain"));
            String top = name(layers - 1);
            Path chain = folder.resolve("chain");
            time("planish map", chain, List.of(planish, "map", "--json", top));
            time("qemu-img map", chain, List.of("qemu-img", "map", "--output=json", top));
            Tool.run(folder, List.of("cp", "-r", "chain", "work"));
            Tool.sync(folder);
            time("planish commit", folder.resolve("work"), List.of(planish, "commit", "-q", "-d", "-b", name(0), top));
            Seed.delete(folder.resolve("work"));
            Tool.run(folder, List.of("cp", "-r", "chain", "work"));
            Tool.sync(folder);
            time(
                    "qemu-img commit",
                    folder.resolve("work"),
                    List.of("qemu-img", "commit", "-q", "-d", "-b", name(0), top));
            Seed.delete(folder.resolve("work"));
            Tool.run(folder, List.of("cp", "-r", "chain", "work"));
            Tool.sync(folder);
            time(
                    "planish flatten",
                    folder.resolve("work"),
                    List.of(planish, "flatten", "--max-depth", "1", "--yes", "--delete", "."));
        } finally {
            Seed.delete(folder);
        }
        return 0;
    }

    private void build(Path chain) throws IOException, InterruptedException {
        System.err.println("building a chain of " + layers + " layers");
        Files.createDirectories(chain);
        Random random = new Random(1);
        for (int i = 0; i < layers; i++) {
            List<String> create = i == 0
                    ? List.of("qemu-img", "create", "-q", "-f", "qcow2", name(i), "4G")
                    : List.of(
                            "qemu-img",
                            "create",
                            "-q",
                            "-f",
                            "qcow2",
                            "-u",
                            "-b",
                            name(i - 1),
                            "-F",
                            "qcow2",
                            name(i),
                            "4G");
            Tool.run(chain, create);
            // each is written while it has no backing file to open
            if (i > 0) {
                Tool.run(chain, List.of("qemu-img", "rebase", "-u", "-b", "", name(i)));
            }
            StringBuilder script = new StringBuilder();
            for (int k = 0; k < extents; k++) {
                script.append("write -q -P %d %dk 64k%n".formatted(1 + i % 255, random.nextInt(65536) * 64L));
            }
            Tool.run(chain, List.of("qemu-io", "-t", "unsafe", "-f", "qcow2", name(i)), script.toString());
            if (i > 0) {
                Tool.run(chain, List.of("qemu-img", "rebase", "-u", "-b", name(i - 1), "-F", "qcow2", name(i)));
            }
        }
        Tool.sync(chain);
    }

    private static String name(int layer) {
        return "layer-%04d".formatted(layer);
    }

    private static void time(String what, Path folder, List<String> command) throws InterruptedException {
        try {
            Tool.Cost cost = Tool.measure(folder, command);
            System.out.printf("%-16s %8.0f ms %8d MiB written%n", what, cost.millis(), cost.bytesWritten() >> 20);
        } catch (IOException e) {
            System.out.printf(
                    "%-16s failed: %s%n",
                    what,
                    String.valueOf(e.getMessage()).lines().skip(1).findFirst().orElse("no message"));
        }
    }
}
