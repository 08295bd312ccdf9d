package io.planish.acceptance;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.engine.Attempt;
import io.planish.engine.CheckpointStore;
import io.planish.engine.EngineOptions;
import io.planish.engine.FolderCheckpoints;
import io.planish.engine.JobRunner;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.JobResult;
import io.planish.job.Relink;
import io.planish.plan.Snapshot;
import io.planish.scan.HeadReader;
import io.planish.scan.OverlaySweep;
import io.planish.scan.Scanner;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/** Single jobs on the images of one folder, carried out by the engine. */
public final class Merges {
    private static final PoolName POOL = new PoolName("images");

    private final Storage storage = new LinuxStorage();
    private final HeadReader heads = new HeadReader(storage, InstantSource.system());
    private final Pools pools;
    private final PathGate gate;
    private final CheckpointStore checkpoints;
    private int count;

    /** @param state an existing folder for checkpoints, outside of the images' one */
    public Merges(Path images, Path state) throws IOException {
        this(images, state, true);
    }

    /** @param complete whether the folder holds all overlays of its images */
    Merges(Path images, Path state, boolean complete) throws IOException {
        PoolConfig config =
                new PoolConfig(POOL, images, Optional.empty(), complete, Optional.empty(), Optional.empty());
        this.pools = Pools.open(storage, List.of(config), Pools.MissingMarker.CREATE);
        this.gate = new PathGate(storage, pools);
        this.checkpoints = new FolderCheckpoints(storage, state.toRealPath());
    }

    /** On these images, with a new folder for checkpoints in {@code dir}. */
    static Merges in(QemuImages images, Path dir) throws IOException {
        return new Merges(images.folder(), Files.createDirectory(dir.resolve("state")));
    }

    Snapshot scan() throws IOException {
        return new Scanner(storage, pools, gate, heads, InstantSource.system(), 2).scan();
    }

    /** @param name of a file, or of one that ends in .qcow2 without that */
    static ImageRef ref(String name) {
        return new ImageRef(POOL, name.contains(".") ? name : name + ".qcow2");
    }

    /**
     * The job that makes {@code target} of all layers above {@code base} (empty: of all) up to {@code top}. After a commit the overlays of
     * the top are linked to the target, which takes a leaf's name where there are none; middle layers, and a linked top, are retired.
     */
    public Job merge(String base, String target, String top) throws IOException {
        Forest forest = scan().forest();
        List<ImageNode> chain = forest.chain(ref(top));
        boolean commits = !target.equals(top);
        List<ImageNode> overlays = commits ? forest.overlays(ref(top)) : List.of();
        List<ImageRef> above = chain.stream()
                .map(ImageNode::ref)
                .dropWhile(image -> !image.equals(ref(target)))
                .skip(1)
                .toList();
        boolean replaces = commits && overlays.isEmpty();
        return new Job(
                "job-" + ++count,
                commits ? JobKind.COMMIT : JobKind.PULL,
                ref(target),
                base.isEmpty() ? Optional.empty() : Optional.of(ref(base)),
                ref(top),
                overlays.stream()
                        .map(overlay -> new Relink(overlay.ref(), ref(target)))
                        .toList(),
                replaces ? Optional.of(ref(top)) : Optional.empty(),
                replaces ? above.subList(0, above.size() - 1) : above,
                List.of(),
                Stream.concat(chain.stream(), overlays.stream())
                        .map(image -> new Expectation(image.ref(), image.backingImage(), Optional.of(image.facts())))
                        .toList(),
                0,
                0);
    }

    /** The job that puts all layers up to {@code top} down into the raw file below them, and links the overlays of the top to it. */
    Job intoRaw(String raw, String top) throws IOException {
        ImageRef target = new ImageRef(POOL, raw);
        Forest forest = scan().forest();
        List<ImageNode> chain = forest.chain(ref(top));
        List<ImageNode> overlays = forest.overlays(ref(top));
        return new Job(
                "job-" + ++count,
                JobKind.COMMIT,
                target,
                Optional.empty(),
                ref(top),
                overlays.stream()
                        .map(overlay -> new Relink(overlay.ref(), target))
                        .toList(),
                Optional.empty(),
                chain.stream().skip(1).map(ImageNode::ref).toList(),
                List.of(),
                Stream.concat(chain.stream(), overlays.stream())
                        .map(image -> new Expectation(image.ref(), image.backingImage(), Optional.of(image.facts())))
                        .toList(),
                0,
                0);
    }

    public JobResult run(Job job) {
        return run(job, 1, EngineOptions.DEFAULT.batchBytes(), () -> false, () -> {});
    }

    /** One attempt that is stopped once it has copied as much as this many batches hold. */
    JobResult runSomeBatches(Job job, long batchBytes, int batches) {
        AtomicLong copied = new AtomicLong();
        return run(job, 1, batchBytes, () -> copied.get() >= batches * batchBytes, () -> {}, copied::addAndGet);
    }

    /**
     * One attempt that stops where {@code stop} says so.
     *
     * @param beforeEachStep what happens elsewhere just before the engine goes on
     */
    JobResult run(Job job, long epoch, long batchBytes, BooleanSupplier stop, Runnable beforeEachStep) {
        return run(job, epoch, batchBytes, stop, beforeEachStep, bytes -> {});
    }

    private JobResult run(
            Job job,
            long epoch,
            long batchBytes,
            BooleanSupplier stop,
            Runnable beforeEachStep,
            LongConsumer onCopied) {
        return run(job, batchBytes, new Attempt() {
            @Override
            public long epoch() {
                return epoch;
            }

            @Override
            public String run() {
                return "run";
            }

            @Override
            public CheckpointStore checkpoints() {
                return checkpoints;
            }

            @Override
            public void mayContinue() {
                beforeEachStep.run();
            }

            @Override
            public boolean stopRequested() {
                return stop.getAsBoolean();
            }

            @Override
            public void progress(long guestBytesDone, long guestBytesTotal, long bytesCopied) {}

            @Override
            public void copied(long bytes) {
                onCopied.accept(bytes);
            }
        });
    }

    JobResult run(Job job, long batchBytes, Attempt attempt) {
        OverlaySweep sweep = new OverlaySweep(storage, pools, gate, heads, 2);
        EngineOptions options = EngineOptions.DEFAULT.inBatchesOf(batchBytes);
        return new JobRunner(storage, pools, gate, sweep, options).run(job, attempt);
    }
}
