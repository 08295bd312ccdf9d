package io.planish.load.bench;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.PoolName;
import io.planish.plan.Snapshot;
import io.planish.scan.HeadReader;
import io.planish.scan.ScanCache;
import io.planish.scan.Scanner;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A fleet of real files, scanned. */
@Command(
        name = "scan",
        mixinStandardHelpOptions = true,
        description = {
            "Scans a fleet of real files that hold nothing but their tables: with nothing in the page cache (as root), with all of it, and",
            "knowing from the last scan what has not changed; beside qemu-img info --backing-chain for each leaf."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  planish bench scan", "  planish bench scan --images 1000000 --folder /pool"})
final class ScanBench implements Callable<Integer> {
    /** Odd, and enough for the code to be compiled by the time of the median. */
    private static final int WARM = 5;

    @Option(
            names = "--folder",
            description = "Where to work; a new folder in it is removed at the end. Default: ${DEFAULT-VALUE}.")
    private Path parent = Path.of("/var/tmp");

    @Option(names = "--images", description = "Default: ${DEFAULT-VALUE}.")
    private int images = 100_000;

    @Option(names = "--sample", description = "Leaves that qemu-img looks at. Default: ${DEFAULT-VALUE}.")
    private int sample = 100;

    @Option(names = "--threads", description = "Default: ${DEFAULT-VALUE}.")
    private int threads = Runtime.getRuntime().availableProcessors();

    private final Storage storage = new LinuxStorage();
    /** Files count as settled only some seconds after they were made. */
    private final Clock clock = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(1));

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(parent, "planish-bench.").toRealPath();
        try {
            System.err.println("making " + images + " images in " + folder);
            Path pool = folder.resolve("pool");
            Forest fleet =
                    new SyntheticFleet(images, 1).snapshot(Bitmaps::owned).forest();
            new HeaderFiles(pool).write(fleet.nodes());
            Tool.sync(folder);
            measure(pool, folder.resolve("state"), fleet);
        } finally {
            Seed.delete(folder);
        }
        return 0;
    }

    private void measure(Path pool, Path state, Forest fleet) throws IOException, InterruptedException {
        if (Files.isWritable(Path.of("/proc/sys/vm/drop_caches"))) {
            Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "3\n");
            print("cold, first of the process", scan(pool, fleet, Optional.empty()));
        }
        double[] warm = new double[WARM];
        for (int i = 0; i < warm.length; i++) {
            warm[i] = scan(pool, fleet, Optional.empty());
            print("warm", warm[i]);
        }
        Arrays.sort(warm);
        scan(pool, fleet, Optional.of(state));
        for (int i = 0; i < 3; i++) {
            print("known from the last scan", scan(pool, fleet, Optional.of(state)));
        }
        double peer = qemuImg(pool, fleet);
        System.out.printf(
                "qemu-img info --backing-chain of all %d leaves: %.0f s, %.0f times as long as the median%n",
                fleet.leaves().size(), peer, peer / warm[WARM / 2]);
    }

    private void print(String what, double seconds) {
        System.out.printf("%-28s %7.2f s %9.0f images/s%n", what, seconds, images / seconds);
    }

    private double scan(Path pool, Forest fleet, Optional<Path> state) throws IOException {
        long begin = System.nanoTime();
        Pools pools = Pools.open(
                storage,
                List.of(new PoolConfig(
                        new PoolName("fleet"), pool, Optional.empty(), true, Optional.empty(), Optional.empty())),
                Pools.MissingMarker.TOLERATE);
        Optional<ScanCache> cache = state.map(folder -> ScanCache.in(folder, pools));
        HeadReader heads =
                cache.map(c -> new HeadReader(storage, clock, c)).orElseGet(() -> new HeadReader(storage, clock));
        Snapshot snapshot = new Scanner(storage, pools, new PathGate(storage, pools), heads, clock, threads).scan();
        cache.ifPresent(ScanCache::save);
        double seconds = (System.nanoTime() - begin) / 1e9;
        if (snapshot.forest().nodes().size() != images
                || snapshot.forest().leaves().size() != fleet.leaves().size()
                || !snapshot.findings().isEmpty()) {
            throw new IOException("the scan found another fleet than was made: "
                    + snapshot.forest().nodes().size() + " images, " + snapshot.findings());
        }
        return seconds;
    }

    /** What looking at every leaf would take, from a sample. */
    private double qemuImg(Path pool, Forest fleet) throws IOException, InterruptedException {
        List<ImageNode> leaves = fleet.leaves();
        SplittableRandom random = new SplittableRandom(1);
        long begin = System.nanoTime();
        for (int i = 0; i < sample; i++) {
            Path leaf =
                    pool.resolve(leaves.get(random.nextInt(leaves.size())).ref().path());
            Tool.run(pool, List.of("qemu-img", "info", "-U", "--backing-chain", "--output=json", leaf.toString()));
        }
        return (System.nanoTime() - begin) / 1e9 / sample * leaves.size();
    }
}
