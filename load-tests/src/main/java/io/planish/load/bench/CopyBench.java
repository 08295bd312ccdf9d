package io.planish.load.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The ways to move the bytes of a merge, without the merge: where its time goes and what the engine's way was chosen from. */
@Command(
        name = "copy",
        mixinStandardHelpOptions = true,
        description = {
            "Times ways of copying the extents that a commit moves, to existing clusters and to new ones, with one thread and more,",
            "with the images in the page cache and (--cold, needs root) without."
        })
final class CopyBench implements Callable<Integer> {
    private static final int READ_WRITE = 2;
    private static final int DIRECT = 0x4000;
    private static final int DONT_CACHE = 0x80;
    private static final int START_WRITING = 2;
    private static final long CHUNK_BYTES = 1 << 20;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle OPEN = handle("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle SYNC = handle("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle FALLOCATE =
            handle("posix_fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle COPY = handle(
            "copy_file_range",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle WRITE_SOON =
            handle("sync_file_range", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle READ =
            handle("pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle WRITE =
            handle("pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
    private static final FunctionDescriptor VECTORED =
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle READ_VECTORED = handle("preadv2", VECTORED);
    private static final MethodHandle WRITE_VECTORED = handle("pwritev2", VECTORED);

    @Option(
            names = "--folder",
            description = "Where to work; a new folder in it is removed at the end. Default: ${DEFAULT-VALUE}.")
    private Path parent = Path.of("/var/tmp");

    @Option(names = "--rounds", description = "Runs of each; medians are printed. Default: ${DEFAULT-VALUE}.")
    private int rounds = 3;

    @Option(names = "--cold", description = "Drop the page cache before each run. Needs root.")
    private boolean cold;

    /** How bytes move. */
    private enum Way {
        /** The kernel copies, from page cache to page cache. */
        COPY_FILE_RANGE,
        /** The same, and the disk begins to write after each extent. */
        COPY_FILE_RANGE_WRITE_SOON,
        READ_WRITE,
        /** {@code RWF_DONTCACHE}: through the page cache, but not to stay. */
        UNCACHED,
        /** {@code O_DIRECT} writes. */
        DIRECT,
        /** The same into extents allocated beforehand. */
        ALLOCATED_DIRECT
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(parent, "planish-bench.");
        try {
            Seed seed = new Seed(folder.resolve("seed"), Seed.Shape.EXTENTS, 2048, 2048, 450);
            System.err.println("building base <- s1 <- s2 <- active in " + seed.folder());
            seed.build();
            System.out.printf("%-27s %8s %14s %14s%n", "ms until synced", "threads", "existing place", "new place");
            for (Way way : Way.values()) {
                for (int threads : new int[] {1, 2, 4}) {
                    System.out.printf(
                            "%-27s %8d %14.0f %14.0f%n",
                            way,
                            threads,
                            median(seed, folder.resolve("work"), way, threads, true),
                            median(seed, folder.resolve("work"), way, threads, false));
                }
            }
        } finally {
            Seed.delete(folder);
        }
        return 0;
    }

    private double median(Seed seed, Path work, Way way, int threads, boolean inPlace)
            throws IOException, InterruptedException {
        List<Double> runs = new ArrayList<>();
        for (int i = 0; i < rounds; i++) {
            seed.copyTo(work);
            List<BareLoop.Range> ranges =
                    new BareLoop(work, "active", List.of("s1", "s2", "active"), "base", inPlace).ranges();
            if (cold) {
                Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "1\n");
            }
            runs.add(run(work, ranges, way, threads));
        }
        runs.sort(null);
        return runs.get(runs.size() / 2);
    }

    private static double run(Path work, List<BareLoop.Range> ranges, Way way, int threads)
            throws IOException, InterruptedException {
        boolean direct = way == Way.DIRECT || way == Way.ALLOCATED_DIRECT;
        int[] sources = new int[Seed.NAMES.size()];
        for (int i = 0; i < sources.length; i++) {
            sources[i] = open(work.resolve(Seed.NAMES.get(i)), READ_WRITE);
        }
        int into = open(work.resolve("base"), direct ? READ_WRITE | DIRECT : READ_WRITE);
        AtomicInteger next = new AtomicInteger();
        double millis;
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            long begin = System.nanoTime();
            if (way == Way.ALLOCATED_DIRECT) {
                long first = ranges.stream().mapToLong(BareLoop.Range::to).min().orElse(0);
                long end = ranges.stream()
                        .mapToLong(range -> range.to() + range.bytes())
                        .max()
                        .orElse(0);
                require(call(() -> (int) FALLOCATE.invokeExact(into, first, end - first)) == 0, "posix_fallocate");
            }
            List<Future<Void>> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                running.add(pool.submit(() -> {
                    try (Arena arena = Arena.ofConfined()) {
                        MemorySegment buffer = arena.allocate(CHUNK_BYTES, 4096);
                        for (int k = next.getAndIncrement(); k < ranges.size(); k = next.getAndIncrement()) {
                            BareLoop.Range range = ranges.get(k);
                            copy(way, sources[Seed.NAMES.indexOf(range.source())], into, range, buffer, arena);
                        }
                    }
                    return null;
                }));
            }
            for (Future<Void> one : running) {
                one.get();
            }
            require(call(() -> (int) SYNC.invokeExact(into)) == 0, "fdatasync");
            millis = (System.nanoTime() - begin) / 1e6;
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
        for (int file : sources) {
            call(() -> (int) CLOSE.invokeExact(file));
        }
        call(() -> (int) CLOSE.invokeExact(into));
        return millis;
    }

    private static void copy(Way way, int from, int into, BareLoop.Range range, MemorySegment buffer, Arena arena)
            throws IOException {
        MemorySegment positions = buffer.asSlice(0, 16);
        for (long done = 0; done < range.bytes(); ) {
            long source = range.from() + done;
            long place = range.to() + done;
            long left = range.bytes() - done;
            long length = Math.min(CHUNK_BYTES, left);
            done += switch (way) {
                case COPY_FILE_RANGE, COPY_FILE_RANGE_WRITE_SOON -> {
                    positions.set(JAVA_LONG, 0, source);
                    positions.set(JAVA_LONG, 8, place);
                    MemorySegment second = positions.asSlice(8);
                    long copied = call(() -> (long) COPY.invokeExact(from, positions, into, second, left, 0));
                    require(copied > 0, "copy_file_range");
                    if (way == Way.COPY_FILE_RANGE_WRITE_SOON) {
                        call(() -> (int) WRITE_SOON.invokeExact(into, place, copied, START_WRITING));
                    }
                    yield copied;
                }
                case READ_WRITE, DIRECT, ALLOCATED_DIRECT -> {
                    require(call(() -> (long) READ.invokeExact(from, buffer, length, source)) == length, "pread");
                    require(call(() -> (long) WRITE.invokeExact(into, buffer, length, place)) == length, "pwrite");
                    yield length;
                }
                case UNCACHED -> {
                    MemorySegment vector = arena.allocate(16, 8);
                    vector.set(ADDRESS, 0, buffer);
                    vector.set(JAVA_LONG, 8, length);
                    require(
                            call(() -> (long) READ_VECTORED.invokeExact(from, vector, 1, source, DONT_CACHE)) == length,
                            "preadv2");
                    require(
                            call(() -> (long) WRITE_VECTORED.invokeExact(into, vector, 1, place, DONT_CACHE)) == length,
                            "pwritev2");
                    yield length;
                }
            };
        }
    }

    private static int open(Path path, int flags) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path.toString());
            int file = call(() -> (int) OPEN.invokeExact(name, flags));
            require(file >= 0, "open " + path);
            return file;
        }
    }

    /** A call into the C library. */
    private interface Native<T> {
        T call() throws Throwable;
    }

    private static <T> T call(Native<T> function) {
        try {
            return function.call();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static void require(boolean done, String what) throws IOException {
        if (!done) {
            throw new IOException(what + " failed");
        }
    }

    private static MethodHandle handle(String name, FunctionDescriptor shape) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), shape);
    }
}
