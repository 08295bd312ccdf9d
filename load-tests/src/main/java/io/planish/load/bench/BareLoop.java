package io.planish.load.bench;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The limit that merges are held against: the bytes that have to move, by one loop of {@code copy_file_range} and one {@code fdatasync},
 * to the same kind of place, with no table, no lock and no start-up.
 */
final class BareLoop {
    private static final int READ_WRITE = 2;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle OPEN =
            handle("open", FunctionDescriptor.of(JAVA_INT, ValueLayout.ADDRESS, JAVA_INT));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle SYNC = handle("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle COPY = handle(
            "copy_file_range",
            FunctionDescriptor.of(
                    JAVA_LONG, JAVA_INT, ValueLayout.ADDRESS, JAVA_INT, ValueLayout.ADDRESS, JAVA_LONG, JAVA_INT));

    /** {@code bytes} at {@code from} in the layer {@code source} go to {@code to} in the target. */
    record Range(String source, long from, long to, long bytes) {}

    private final Path folder;
    private final String target;
    private final List<Range> ranges;

    /**
     * @param folder a fresh copy of the chain
     * @param source who owns the bytes: layers from {@code lowest} to {@code highest} as the guest sees them at {@code top}
     * @param inPlace whether they go where {@code target} has clusters for them; else to its end
     */
    BareLoop(Path folder, String top, List<String> owners, String target, boolean inPlace)
            throws IOException, InterruptedException {
        this.folder = folder;
        this.target = target;
        this.ranges = ranges(folder, top, owners, target, inPlace);
    }

    private static List<Range> ranges(Path folder, String top, List<String> owners, String target, boolean inPlace)
            throws IOException, InterruptedException {
        List<Range> ranges = new ArrayList<>();
        JsonNode places = map(folder, target);
        long end = Files.size(folder.resolve(target)) + 65535 & -65536L;
        for (JsonNode extent : map(folder, top)) {
            int layer = Seed.NAMES.indexOf(top) - extent.get("depth").asInt();
            boolean moves = extent.get("data").asBoolean()
                    && extent.has("offset")
                    && layer >= 0
                    && owners.contains(Seed.NAMES.get(layer));
            if (!moves) {
                continue;
            }
            long guest = extent.get("start").asLong();
            long from = extent.get("offset").asLong();
            for (long left = extent.get("length").asLong(); left > 0; ) {
                Range place = inPlace ? place(places, guest, left) : new Range("", 0, end, left);
                ranges.add(new Range(Seed.NAMES.get(layer), from, place.to(), place.bytes()));
                end += inPlace ? 0 : place.bytes();
                guest += place.bytes();
                from += place.bytes();
                left -= place.bytes();
            }
        }
        return ranges;
    }

    private static Range place(JsonNode places, long guest, long bytes) throws IOException {
        for (JsonNode place : places) {
            long start = place.get("start").asLong();
            long length = place.get("length").asLong();
            if (start <= guest && guest < start + length && place.has("offset")) {
                return new Range(
                        "", 0, place.get("offset").asLong() + guest - start, Math.min(bytes, start + length - guest));
            }
        }
        throw new IOException("the target has no cluster at " + guest);
    }

    private static JsonNode map(Path folder, String image) throws IOException, InterruptedException {
        return new ObjectMapper()
                .readTree(Tool.run(folder, List.of("qemu-img", "map", "--output=json", "-f", "qcow2", image)));
    }

    List<Range> ranges() {
        return List.copyOf(ranges);
    }

    long bytes() {
        return ranges.stream().mapToLong(Range::bytes).sum();
    }

    /** Milliseconds until the bytes are on the disk. */
    double run() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            List<Integer> files = new ArrayList<>();
            for (String name : Seed.NAMES) {
                files.add(open(arena, folder.resolve(name)));
            }
            MemorySegment positions = arena.allocate(2 * Long.BYTES, Long.BYTES);
            int into = files.get(Seed.NAMES.indexOf(target));
            long begin = System.nanoTime();
            for (Range range : ranges) {
                copy(files.get(Seed.NAMES.indexOf(range.source())), into, positions, range);
            }
            if ((int) SYNC.invokeExact(into) != 0) {
                throw new IOException("fdatasync failed");
            }
            double millis = (System.nanoTime() - begin) / 1e6;
            for (int file : files) {
                int ignored = (int) CLOSE.invokeExact(file);
            }
            return millis;
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static int open(Arena arena, Path path) throws Throwable {
        int file = (int) OPEN.invokeExact(arena.allocateFrom(path.toString()), READ_WRITE);
        if (file < 0) {
            throw new IOException("cannot open " + path);
        }
        return file;
    }

    private static void copy(int from, int into, MemorySegment positions, Range range) throws Throwable {
        positions.set(JAVA_LONG, 0, range.from());
        positions.set(JAVA_LONG, 8, range.to());
        for (long left = range.bytes(); left > 0; ) {
            long done = (long) COPY.invokeExact(from, positions.asSlice(0), into, positions.asSlice(8), left, 0);
            if (done <= 0) {
                throw new IOException("copy_file_range copied nothing of " + range);
            }
            left -= done;
        }
    }

    private static MethodHandle handle(String name, FunctionDescriptor shape) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), shape);
    }
}
