package io.planish.load.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What a merge does to the page cache that running VMs live from. */
@Command(
        name = "cache",
        mixinStandardHelpOptions = true,
        description =
                "Looks at the page cache before and after a merge of layers that are not cached, ours and qemu-img's. Needs root.")
final class CacheBench implements Callable<Integer> {
    @Option(
            names = "--folder",
            description = "Where to work; a new folder in it is removed at the end. Default: ${DEFAULT-VALUE}.")
    private Path parent = Path.of("/var/tmp");

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(parent, "planish-bench.");
        try {
            Seed seed = new Seed(folder.resolve("seed"), Seed.Shape.EXTENTS, 2048, 2048, 450);
            seed.build();
            String planish = System.getProperty("planish.home") + "/planish";
            run(seed, folder, "planish", List.of(planish, "commit", "-q", "-d", "-b", "base", "active"));
            run(seed, folder, "qemu-img", List.of("qemu-img", "commit", "-q", "-d", "-b", "base", "active"));
        } finally {
            Seed.delete(folder);
        }
        return 0;
    }

    private static void run(Seed seed, Path folder, String name, List<String> command)
            throws IOException, InterruptedException {
        Path work = folder.resolve("work");
        seed.copyTo(work);
        Tool.run(
                work,
                command.getFirst().equals("qemu-img") ? List.of("true") : List.of(command.getFirst(), "--version"));
        Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "1\n");
        long before = cachedMib();
        Tool.measure(work, command);
        System.out.printf("%-9s page cache grew by %d MiB%n", name, cachedMib() - before);
    }

    private static long cachedMib() throws IOException {
        return Files.readAllLines(Path.of("/proc/meminfo")).stream()
                .filter(line -> line.startsWith("Cached: "))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
                .sum();
    }
}
