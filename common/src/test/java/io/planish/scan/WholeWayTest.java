package io.planish.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.PoolName;
import io.planish.engine.Attempt;
import io.planish.engine.CheckpointStore;
import io.planish.engine.EngineOptions;
import io.planish.engine.FolderCheckpoints;
import io.planish.engine.JobRunner;
import io.planish.job.Expectations;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.plan.Plan;
import io.planish.plan.Planner;
import io.planish.plan.Policy;
import io.planish.plan.SafetyRule;
import io.planish.plan.Snapshot;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Qemu;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random fleets in two pools, made by QEMU's tools: scanned, planned, every job checked again and carried out, and every leaf
 * compared with what it showed before.
 */
class WholeWayTest {
    private static final int CASES = Boolean.getBoolean("planish.test.all") ? 200 : 8;
    private static final List<String> OPTIONS = List.of(
            "cluster_size=65536",
            "cluster_size=65536",
            "cluster_size=4096",
            "cluster_size=262144",
            "compat=0.10",
            "cluster_size=16384,compat=0.10");

    @TempDir
    Path temp;

    private final Storage storage = new LinuxStorage();
    private final HeadReader heads = new HeadReader(storage, InstantSource.system());

    @Test
    void everyLeafShowsTheSameAndIsAsDeepAsPlanned() throws IOException {
        long seed = Long.getLong("planish.test.seed", System.nanoTime());
        for (int i = 0; i < CASES; i++, seed++) {
            try {
                flatten(Files.createDirectory(temp.toRealPath().resolve("fleet" + i)), new Random(seed));
            } catch (AssertionError | RuntimeException | IOException e) {
                throw new AssertionError("-Dplanish.test.seed=" + seed, e);
            }
        }
    }

    private void flatten(Path folder, Random random) throws IOException {
        List<PoolConfig> configs = new ArrayList<>();
        for (String name : List.of("p", "q")) {
            Path root = Files.createDirectory(folder.resolve(name));
            configs.add(new PoolConfig(
                    new PoolName(name),
                    root,
                    Optional.empty(),
                    random.nextInt(4) > 0,
                    Optional.empty(),
                    Optional.empty()));
        }
        makeFleet(folder, random);
        Pools pools = Pools.open(storage, configs, Pools.MissingMarker.CREATE);
        PathGate gate = new PathGate(storage, pools);
        Scanner scanner = new Scanner(storage, pools, gate, heads, InstantSource.system(), 2);
        Snapshot before = scanner.scan();
        for (ImageNode leaf : before.forest().leaves()) {
            Qemu.img("convert", "-O", "raw", gate.locate(leaf.ref()).toString(), reference(folder, leaf));
        }
        Policy policy = Policy.DEFAULT
                .change()
                .maxDepth(1 + random.nextInt(3))
                .unshare(random.nextInt(3) == 0)
                .keep(List.of("keep*"))
                .grace(Duration.ZERO)
                .headroomBytes(0)
                .build();

        Plan plan = Planner.plan(before, policy);
        carryOut(plan, scanner, pools, gate, folder);

        Forest after = scanner.scan().forest();
        for (ImageNode leaf : before.forest().leaves()) {
            String path = gate.locate(leaf.ref()).toString();
            Qemu.img("compare", "-q", "-F", "raw", path, reference(folder, leaf));
            Qemu.img("check", "-q", path);
            int depth = after.chain(leaf.ref()).size();
            plan.leaves().stream()
                    .filter(line -> line.leaf().equals(leaf.ref()))
                    .forEach(line -> assertThat(depth).isEqualTo(line.after()));
        }
    }

    private void carryOut(Plan plan, Scanner scanner, Pools pools, PathGate gate, Path folder) throws IOException {
        JobRunner runner = new JobRunner(
                storage, pools, gate, new OverlaySweep(storage, pools, gate, heads, 2), EngineOptions.DEFAULT);
        List<JobResult> done = new ArrayList<>();
        for (Job job : plan.jobs()) {
            Snapshot now = scanner.scan();
            assertThat(SafetyRule.of(now, plan.policy()).check(job, now.forest()))
                    .isEmpty();
            JobResult result = runner.run(Expectations.filled(job, done), new OnlyAttempt(checkpoints(folder)));
            assertThat(result.outcome()).as(job.toString()).isEqualTo(new Outcome.Done());
            assertThat(result.bytesCopied())
                    .as("no more is written than was predicted: " + job)
                    .isLessThanOrEqualTo(job.bytesToWrite());
            done.add(result);
        }
    }

    private CheckpointStore checkpoints(Path folder) {
        return new FolderCheckpoints(storage, folder);
    }

    private static void makeFleet(Path folder, Random random) {
        List<Path> images = new ArrayList<>();
        int count = 3 + random.nextInt(7);
        for (int i = 0; i < count; i++) {
            boolean isBase = i == 0 || random.nextInt(8) == 0;
            Path pool = folder.resolve(random.nextInt(4) == 0 ? "q" : "p");
            Path image = pool.resolve((random.nextInt(10) == 0 ? "keep" : "i") + i);
            int size = (1 + random.nextInt(6)) << 20;
            List<String> create = new ArrayList<>(
                    List.of("create", "-q", "-f", "qcow2", "-o", OPTIONS.get(random.nextInt(OPTIONS.size()))));
            if (!isBase) {
                Path backing = images.get(random.nextInt(3) > 0 ? i - 1 : random.nextInt(i));
                String name = random.nextBoolean()
                        ? backing.toString()
                        : pool.relativize(backing).toString();
                create.addAll(List.of("-b", name, "-F", "qcow2"));
            }
            create.addAll(List.of(image.toString(), String.valueOf(size)));
            Qemu.img(create.toArray(String[]::new));
            images.add(image);
            for (int w = random.nextInt(5); w > 0; w--) {
                int length = (1 + random.nextInt(300)) * 512;
                int offset = random.nextInt(size - length) / 512 * 512;
                String what = random.nextInt(4) == 0 ? "write -z" : "write -P " + (1 + random.nextInt(250));
                assertThat(Qemu.io(image, what + " " + offset + " " + length).exit())
                        .isZero();
            }
        }
    }

    private static String reference(Path folder, ImageNode leaf) {
        return folder.resolve(leaf.ref().toString().replace('/', '-') + ".raw").toString();
    }

    /** The first and only attempt at a job. */
    private record OnlyAttempt(CheckpointStore checkpoints) implements Attempt {
        @Override
        public long epoch() {
            return 1;
        }

        @Override
        public String run() {
            return "run";
        }

        @Override
        public void mayContinue() {}

        @Override
        public boolean stopRequested() {
            return false;
        }

        @Override
        public void progress(long guestBytesDone, long guestBytesTotal, long bytesCopied) {}
    }
}
