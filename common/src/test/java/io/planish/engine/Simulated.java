package io.planish.engine;

import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.image.HeaderFile;
import io.planish.image.ImageChain;
import io.planish.image.Layer;
import io.planish.image.Mapping;
import io.planish.image.MappingKind;
import io.planish.image.MetadataCheck;
import io.planish.image.Qcow2Image;
import io.planish.image.RawImage;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.JobResult;
import io.planish.job.Relink;
import io.planish.job.Verify;
import io.planish.qcow2.Backing;
import io.planish.qcow2.Header;
import io.planish.qcow2.Marks;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import io.planish.storage.Resolution;
import io.planish.storage.SimulatedStorage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One pool on a simulated machine: jobs run on it, and what its images show. */
final class Simulated {
    static final Path ROOT = Path.of("/pool");
    static final PoolName POOL = new PoolName("pool");

    final SimulatedStorage storage;
    final Pools pools;
    final PathGate gate;

    private final boolean delete;
    private Runnable afterSweep = () -> {};

    Simulated(SimulatedStorage storage) throws IOException {
        this(storage, false);
    }

    /** @param delete whether jobs remove what is left over */
    Simulated(SimulatedStorage storage, boolean delete) throws IOException {
        this.storage = storage;
        this.delete = delete;
        this.pools = Pools.of(List.of(new Pool(POOL, "id", ROOT, Path.of("/vm"), true, Optional.empty())));
        this.gate = new PathGate(storage, pools);
    }

    static Simulated load(Images images, Path folder) throws IOException {
        SimulatedStorage storage = new SimulatedStorage();
        storage.makeFolders(ROOT.resolve(".planish"));
        for (Path real : images.all()) {
            storage.load(real, ROOT.resolve(folder.relativize(real).toString()));
        }
        return new Simulated(storage);
    }

    static ImageRef ref(String path) {
        return new ImageRef(POOL, path);
    }

    /** A job whose expectations are what stands here now. */
    Job job(
            JobKind kind,
            String target,
            Optional<String> base,
            String top,
            List<String> relinked,
            boolean replaces,
            List<String> retires)
            throws IOException {
        List<Expectation> expects = new ArrayList<>();
        for (ImageRef image : chain(ref(top))) {
            expects.add(expectation(image));
        }
        List<Relink> relinks = new ArrayList<>();
        for (String overlay : relinked) {
            expects.add(expectation(ref(overlay)));
            relinks.add(new Relink(ref(overlay), ref(target)));
        }
        if (kind == JobKind.REBASE && base.isPresent()) {
            for (ImageRef image : chain(ref(base.get()))) {
                expects.add(expectation(image));
            }
        }
        return new Job(
                "job",
                kind,
                ref(target),
                base.map(Simulated::ref),
                ref(top),
                relinks,
                replaces ? Optional.of(ref(top)) : Optional.empty(),
                retires.stream().map(Simulated::ref).toList(),
                List.of(),
                expects,
                0,
                0);
    }

    private Expectation expectation(ImageRef image) throws IOException {
        return new Expectation(
                image, backing(image), Optional.of(storage.status(path(image)).facts("id")));
    }

    JobResult run(Job job) {
        return run(job, batches -> false);
    }

    /** Asked after every batch, with the number of batches so far, whether the attempt is to stop there. */
    interface AfterBatch {
        boolean stops(int batches) throws IOException;
    }

    JobResult run(Job job, AfterBatch afterBatch) {
        return runner(Verify.FULL).run(job, attempt(afterBatch));
    }

    /** Bounded to so few bytes per second that a batch takes many steps; after the first of them it is to stop. */
    JobResult runUntilTheFirstStep(Job job, long bytesPerSecond) {
        TestAttempt attempt = attempt(batches -> false);
        attempt.bytesPerSecond = bytesPerSecond;
        return runner(Verify.FULL).run(job, attempt);
    }

    JobResult run(Job job, Verify verify) {
        return runner(verify).run(job, attempt(batches -> false));
    }

    /** As if it had never been saved. */
    void forgetCheckpoint(Job job) throws IOException {
        new FolderCheckpoints(storage, ROOT.resolve(".planish")).drop(job.id());
    }

    List<Job> begun() throws IOException {
        return runner(Verify.FULL).begun(pools.get(POOL)).stream()
                .map(JobRunner.BegunJob::job)
                .toList();
    }

    private JobRunner runner(Verify verify) {
        EngineOptions options =
                new EngineOptions(verify, delete ? Duration.ZERO : Duration.ofDays(7), 16 << 10, Duration.ZERO, 1);
        return new JobRunner(storage, pools, gate, this::overlaysOf, options);
    }

    private TestAttempt attempt(AfterBatch afterBatch) {
        return new TestAttempt(new FolderCheckpoints(storage, ROOT.resolve(".planish")), afterBatch);
    }

    private Map<ImageRef, Set<ImageRef>> overlaysOf(Set<ImageRef> images) throws IOException {
        Map<ImageRef, Set<ImageRef>> overlays = new HashMap<>();
        for (ImageRef image : images()) {
            backing(image)
                    .filter(images::contains)
                    .ifPresent(below -> overlays.computeIfAbsent(below, b -> new HashSet<>())
                            .add(image));
        }
        afterSweep.run();
        return overlays;
    }

    /** What happens elsewhere right after each look for overlays. */
    void afterEachSweep(Runnable what) {
        afterSweep = what;
    }

    /** Every image that can be opened, outside of the trash. */
    List<ImageRef> images() throws IOException {
        List<ImageRef> images = new ArrayList<>();
        for (Path path : storage.files()) {
            if (path.startsWith(ROOT)
                    && !ROOT.relativize(path).toString().startsWith(".planish")
                    && !path.getFileName().toString().startsWith(".planish")
                    && !isPoisoned(path)) {
                images.add(ref(ROOT.relativize(path).toString()));
            }
        }
        return images;
    }

    private boolean isPoisoned(Path path) throws IOException {
        try (ImageFile file = storage.open(path, OpenMode.READ)) {
            ByteBuffer head = ByteBuffer.allocate(Header.PREFIX_BYTES + 64);
            file.read(head, 0);
            return Marks.isPoisoned(head.clear());
        }
    }

    Path path(ImageRef image) {
        return ROOT.resolve(image.path());
    }

    Header header(ImageRef image) throws IOException {
        try (ImageFile file = storage.open(path(image), OpenMode.READ)) {
            return HeaderFile.read(file);
        }
    }

    static boolean isRaw(ImageRef image) {
        return image.path().endsWith(".raw");
    }

    Optional<ImageRef> backing(ImageRef image) throws IOException {
        if (isRaw(image)) {
            return Optional.empty();
        }
        Optional<Backing> backing = header(image).backing();
        if (backing.isEmpty()) {
            return Optional.empty();
        }
        if (gate.resolveBacking(image, backing.get().name()) instanceof Resolution.Inside inside) {
            return Optional.of(inside.ref());
        }
        return Optional.empty();
    }

    /** The chain of an image, base first. */
    List<ImageRef> chain(ImageRef image) throws IOException {
        List<ImageRef> chain = new ArrayList<>(List.of(image));
        for (Optional<ImageRef> below = backing(image); below.isPresent(); below = backing(below.get())) {
            chain.addFirst(below.get());
        }
        return chain;
    }

    /** What the guest reads of an image, read by nothing but its file and those below. */
    byte[] content(ImageRef image) throws IOException {
        List<ImageFile> files = new ArrayList<>();
        try {
            List<Layer> layers = new ArrayList<>();
            for (ImageRef one : chain(image)) {
                files.add(storage.open(path(one), OpenMode.READ));
                layers.add(
                        isRaw(one)
                                ? new RawImage(files.getLast(), one.toString())
                                : Qcow2Image.open(files.getLast(), one.toString(), 65536));
            }
            ImageChain chain = new ImageChain(layers);
            ByteBuffer content = ByteBuffer.allocate((int) layers.getLast().virtualSizeBytes());
            chain.read(layers.size() - 1, 0, content);
            return content.array();
        } finally {
            for (ImageFile file : files) {
                file.close();
            }
        }
    }

    /** A guest overwrites, in place, the first sector of its image's own data; what its disk shows then. */
    byte[] guestWrites(ImageRef image, byte[] shown) throws IOException {
        byte[] expected = shown.clone();
        try (ImageFile file = storage.open(path(image), OpenMode.READ_WRITE)) {
            Qcow2Image own = Qcow2Image.open(file, image.toString(), 65536);
            for (long offset = 0; offset < own.virtualSizeBytes(); ) {
                Mapping mapping = own.map(offset, own.virtualSizeBytes() - offset);
                if (mapping.kind() == MappingKind.DATA) {
                    byte[] written = new byte[512];
                    Arrays.fill(written, (byte) 0x5A);
                    file.write(ByteBuffer.wrap(written), mapping.hostOffset());
                    file.sync();
                    System.arraycopy(written, 0, expected, (int) mapping.guestOffset(), written.length);
                    return expected;
                }
                offset += mapping.lengthBytes();
            }
        }
        return expected;
    }

    /** What {@code check} finds in an image: corruptions, then leaked clusters. */
    MetadataCheck.Result check(ImageRef image) throws IOException {
        try (ImageFile file = storage.open(path(image), OpenMode.READ)) {
            return MetadataCheck.run(file, image.toString());
        }
    }

    /** An attempt that nobody takes the job away from. */
    private static final class TestAttempt implements Attempt {
        private final CheckpointStore checkpoints;
        private final AfterBatch afterBatch;
        private int batches;
        private boolean merging;
        private boolean stopped;
        private long bytesPerSecond = Long.MAX_VALUE;

        TestAttempt(CheckpointStore checkpoints, AfterBatch afterBatch) {
            this.checkpoints = checkpoints;
            this.afterBatch = afterBatch;
        }

        @Override
        public long epoch() {
            return 1;
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
        public void mayContinue() {}

        @Override
        public boolean stopRequested() {
            return stopped;
        }

        @Override
        public long bytesPerSecond() {
            return bytesPerSecond;
        }

        @Override
        public void copied(long bytes) {
            stopped |= bytes > 0 && bytesPerSecond != Long.MAX_VALUE;
        }

        @Override
        public void progress(long guestBytesDone, long guestBytesTotal, long bytesCopied) {
            if (!merging) {
                merging = true;
                return;
            }
            try {
                stopped = afterBatch.stops(++batches);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
