package io.planish.load.bench;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.job.Job;
import io.planish.plan.Owned;
import io.planish.plan.Ownership;
import io.planish.plan.Plan;
import io.planish.plan.Planner;
import io.planish.plan.Policy;
import io.planish.plan.Snapshot;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.LongAdder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A fleet as large as a large provider's, planned in memory. */
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        description = {
            "Plans made-up fleets of up to a million images in memory: time, memory, how both grow, and the bytes that the plan writes",
            "beside what scripts would write that rebase every leaf or commit what is private."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  planish bench plan", "  planish bench plan --images 100000 --max-depth 1"})
final class PlanBench implements Callable<Integer> {
    @Option(
            names = "--images",
            split = ",",
            description = "Sizes of the fleets. Default: 10000,31623,100000,316228,1000000.")
    private List<Integer> sizes = List.of(10_000, 31_623, 100_000, 316_228, 1_000_000);

    @Option(names = "--max-depth", description = "Default: ${DEFAULT-VALUE}.")
    private int maxDepth = 2;

    @Option(names = "--seed", description = "Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Option(names = "--compared", description = "Scripts are looked at up to this size. Default: ${DEFAULT-VALUE}.")
    private int compared = 100_000;

    @Override
    public Integer call() {
        plan(sizes.getFirst()); // by then the code is compiled
        System.out.printf(
                "%9s %8s %8s %8s %9s %9s %10s %12s %9s %10s%n",
                "images", "leaves", "jobs", "seconds", "CPU s", "us/image", "cluster", "seconds", "MiB of", "MiB of");
        System.out.printf(
                "%9s %8s %8s %8s %9s %9s %10s %12s %9s %10s%n",
                "", "", "", "", "", "(CPU)", "maps", "to make them", "fleet", "plan");
        for (int size : sizes) {
            Planned planned = plan(size);
            System.out.printf(
                    "%9d %8d %8d %8.1f %9.1f %9.1f %10d %12.1f %9d %10d%n",
                    size,
                    planned.leaves().size(),
                    planned.plan().jobs().size(),
                    planned.seconds(),
                    planned.cpuSeconds(),
                    planned.cpuSeconds() * 1e6 / size,
                    planned.maps(),
                    planned.mapSeconds(),
                    planned.fleetMib(),
                    planned.planMib());
            if (size == largest(compared)) {
                compare(planned);
            }
        }
        return 0;
    }

    private int largest(int limit) {
        return sizes.stream()
                .filter(size -> size <= limit)
                .max(Integer::compare)
                .orElse(0);
    }

    private record Planned(
            Snapshot snapshot,
            List<ImageNode> leaves,
            Plan plan,
            double seconds,
            double cpuSeconds,
            long maps,
            double mapSeconds,
            long fleetMib,
            long planMib) {}

    private Planned plan(int images) {
        LongAdder maps = new LongAdder();
        LongAdder mapNanos = new LongAdder();
        Ownership ownership = image -> {
            long begin = System.nanoTime();
            Owned owned = Bitmaps.owned(image);
            mapNanos.add(System.nanoTime() - begin);
            maps.increment();
            return owned;
        };
        long empty = usedMib();
        Snapshot snapshot = new SyntheticFleet(images, seed).snapshot(ownership);
        long before = usedMib();
        Duration cpu = cpu();
        long begin = System.nanoTime();
        Plan plan = Planner.plan(snapshot, Policy.DEFAULT.withMaxDepth(maxDepth));
        double seconds = (System.nanoTime() - begin) / 1e9;
        double cpuSeconds = cpu().minus(cpu).toMillis() / 1e3;
        long after = usedMib();
        return new Planned(
                snapshot,
                snapshot.forest().leaves(),
                plan,
                seconds,
                cpuSeconds,
                maps.sum(),
                mapNanos.sum() / 1e9,
                before - empty,
                after - before);
    }

    /** What is written in the end, and by how many leaves the wish for short chains was not met. */
    private void compare(Planned planned) {
        Forest forest = planned.snapshot().forest();
        long ours = planned.plan().jobs().stream().mapToLong(Job::bytesToWrite).sum();
        int deeper = (int) planned.plan().leaves().stream()
                .filter(leaf -> leaf.after() > maxDepth)
                .count();
        TreeMap<Integer, Integer> lengths = new TreeMap<>();
        planned.leaves()
                .forEach(leaf -> lengths.merge(bucket(forest.chain(leaf.ref()).size()), 1, Integer::sum));
        System.out.println("    leaves by files in their chain, up to: " + lengths);
        print("the plan", new Scripts(ours, deeper), ours);
        print("rebase every leaf", Scripts.rebasingEveryLeaf(forest), ours);
        print("commit what is private", Scripts.committingWhatIsPrivate(forest, maxDepth), ours);
    }

    private static int bucket(int files) {
        int bucket = 1;
        for (int limit : new int[] {2, 3, 5, 10, 20, 24, 32, 50, 100, 200, 400, 1000}) {
            if (files > bucket) {
                bucket = limit;
            }
        }
        return bucket;
    }

    private void print(String who, Scripts what, long ours) {
        System.out.printf(
                "    %-24s %10.2f TiB written, %5.2f times the plan's, %d leaves with more than %d files after it%n",
                who, what.bytes() / 0x1p40, (double) what.bytes() / ours, what.deeper(), maxDepth);
    }

    /** Of all threads, so that a machine with other work on it tells the same. */
    private static Duration cpu() {
        return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
    }

    private static long usedMib() {
        for (int i = 0; i < 2; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory() >> 20;
    }
}
