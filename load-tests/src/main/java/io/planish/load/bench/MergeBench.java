package io.planish.load.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Commit, pull and flatten beside {@code qemu-img}, and beside a bare loop that moves the same bytes. */
@Command(
        name = "merge",
        mixinStandardHelpOptions = true,
        description = {
            "Times commit, pull and flatten of base <- s1 <- s2 <- active beside qemu-img, each on fresh copies, in alternating order,",
            "until all is on the disk; checks every result; prints medians, ratios, bytes written, and the limit."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  planish bench merge",
            "  planish bench merge --shape scattered --rounds 5",
            "  planish bench merge --xfs            8 GB on XFS with reflink, loop-mounted; needs root and 60 GB"
        })
final class MergeBench implements Callable<Integer> {
    @Option(
            names = "--folder",
            description = "Where to work; a new folder in it is removed at the end. Default: ${DEFAULT-VALUE}.")
    private Path parent = Path.of("/var/tmp");

    @Option(names = "--rounds", description = "Runs of each; medians are printed. Default: ${DEFAULT-VALUE}.")
    private int rounds = 3;

    @Option(names = "--shape", description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private Seed.Shape shape = Seed.Shape.EXTENTS;

    @Option(
            names = "--xfs",
            description = "On XFS with reflink, in a file mounted as a loop device, eight times as large.")
    private boolean xfs;

    @Option(names = "--only", description = "Only operations whose name starts so.")
    private String only = "";

    private final Map<String, List<Double>> millis = new TreeMap<>();
    private final Map<String, List<Double>> mib = new TreeMap<>();

    /** One line of the table: the same wish to both programs, and the loop that moves the same bytes. */
    private record Operation(String name, List<String> planish, List<String> qemuImg, Limit limit, String result) {}

    private record Limit(List<String> owners, String target, boolean inPlace) {}

    private static List<Operation> operations() {
        String planish = System.getProperty("planish.home") + "/planish";
        Limit all = new Limit(List.of("s1", "s2", "active"), "base", true);
        Limit upper = new Limit(List.of("s1", "s2"), "active", false);
        Limit below = new Limit(List.of("base", "s1", "s2"), "active", false);
        List<String> alone = List.of("qemu-img", "rebase", "-b", "", "active");
        return List.of(
                new Operation(
                        "commit",
                        List.of(planish, "commit", "-q", "-d", "-b", "base", "active"),
                        List.of("qemu-img", "commit", "-q", "-d", "-b", "base", "active"),
                        all,
                        "base"),
                new Operation(
                        "pull",
                        List.of(planish, "pull", "-b", "base", "active"),
                        List.of("qemu-img", "rebase", "-b", "base", "-F", "qcow2", "active"),
                        upper,
                        "active"),
                new Operation("flatten-by-pull", List.of(planish, "pull", "active"), alone, below, "active"),
                new Operation(
                        "flatten-planned",
                        List.of(planish, "flatten", "--max-depth", "1", "--yes", "--verify", "metadata", "."),
                        alone,
                        all,
                        "active"),
                new Operation(
                        "flatten-verified",
                        List.of(planish, "flatten", "--max-depth", "1", "--yes", "."),
                        alone,
                        all,
                        "active"));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rounds < 1) {
            throw new IOException("--rounds must be at least 1");
        }
        Path folder = Files.createTempDirectory(parent, "planish-bench.");
        try (Undo mount = xfs ? new XfsMount(folder, 60) : () -> {}) {
            long scale = xfs ? 8 : 1;
            long overlay = shape == Seed.Shape.SCATTERED ? 100 : 450;
            Path on = xfs ? folder.resolve("mnt") : folder;
            Seed seed =
                    new Seed(on.resolve("seed"), shape, 2048 * scale, 2048 * scale / (xfs ? 4 : 1), overlay * scale);
            System.err.println("building base <- s1 <- s2 <- active in " + seed.folder());
            seed.build();
            Tool.run(folder, List.of(System.getProperty("planish.home") + "/planish", "--version"));
            for (int round = 0; round < rounds; round++) {
                System.err.println("round " + (round + 1) + " of " + rounds);
                for (Operation operation : operations()) {
                    if (operation.name().startsWith(only)) {
                        measure(seed, on.resolve("work"), operation, round % 2 == 0);
                    }
                }
            }
        } finally {
            Seed.delete(folder);
        }
        print();
        return 0;
    }

    /** What is undone at the end. */
    interface Undo extends AutoCloseable {
        @Override
        void close() throws IOException, InterruptedException;
    }

    private void measure(Seed seed, Path work, Operation operation, boolean oursFirst)
            throws IOException, InterruptedException {
        for (int turn = 0; turn < 2; turn++) {
            boolean ours = oursFirst == (turn == 0);
            seed.copyTo(work);
            Tool.Cost cost = Tool.measure(work, ours ? operation.planish() : operation.qemuImg());
            note(operation.name() + (ours ? "/planish" : "/qemu-img"), cost.millis(), cost.bytesWritten());
            Path result =
                    work.resolve(ours ? operation.result() : operation.name().equals("commit") ? "base" : "active");
            Tool.run(work, List.of("qemu-img", "compare", "-q", result.toString(), seed.folder() + "/active"));
            Tool.run(work, List.of("qemu-img", "check", "-q", result.toString()));
        }
        if (shape != Seed.Shape.COMPRESSED && !xfs) {
            seed.copyTo(work);
            Limit limit = operation.limit();
            BareLoop loop = new BareLoop(work, "active", limit.owners(), limit.target(), limit.inPlace());
            note(operation.name() + "/limit", loop.run(), loop.bytes());
        }
        Seed.delete(work);
    }

    private void note(String what, double took, long bytes) {
        millis.computeIfAbsent(what, key -> new ArrayList<>()).add(took);
        mib.computeIfAbsent(what, key -> new ArrayList<>()).add(bytes / 1048576.0);
    }

    private void print() {
        System.out.printf(
                "%-17s %11s %11s %11s %9s %9s %13s %13s%n",
                "medians",
                "planish ms",
                "qemu-img ms",
                "bare loop",
                "faster",
                "of limit",
                "planish MiB",
                "qemu-img MiB");
        for (Operation operation : operations()) {
            String name = operation.name();
            if (!millis.containsKey(name + "/planish")) {
                continue;
            }
            double ours = median(millis, name + "/planish");
            double theirs = median(millis, name + "/qemu-img");
            boolean limited = millis.containsKey(name + "/limit");
            double limit = limited ? median(millis, name + "/limit") : Double.NaN;
            System.out.printf(
                    "%-17s %11.0f %11.0f %11s %8.2fx %9s %13.0f %13.0f%n",
                    name,
                    ours,
                    theirs,
                    limited ? "%.0f".formatted(limit) : "-",
                    theirs / ours,
                    limited ? "%.2fx".formatted(ours / limit) : "-",
                    median(mib, name + "/planish"),
                    median(mib, name + "/qemu-img"));
        }
    }

    private static double median(Map<String, List<Double>> of, String what) {
        List<Double> sorted = of.getOrDefault(what, List.of()).stream().sorted().toList();
        return sorted.isEmpty() ? Double.NaN : sorted.get(sorted.size() / 2);
    }
}
