package io.planish.image;

import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads table entries through the most recently used pieces of the tables of one level: a chain of entries of several levels
 * is followed through one cache each, so that the levels do not drive each other out. Not thread-safe.
 */
final class TableCache {
    private static final int MAX_SLICE_BYTES = 16 << 10;
    private static final int MIN_SLICE_BYTES = 4 << 10;
    private static final long NONE = -1;

    private final ImageFile file;
    private final int sliceBytes;
    private final LinkedHashMap<Long, long[]> slices;
    private long lastStart = NONE;
    private long[] last = {};

    /** Holds about {@code capacityBytes}, but two slices at least. No slice reaches over a cluster's end. */
    TableCache(ImageFile file, int clusterBytes, int capacityBytes) {
        this.file = file;
        int slice = capacityBytes < 2 * MAX_SLICE_BYTES ? MIN_SLICE_BYTES : MAX_SLICE_BYTES;
        this.sliceBytes = Math.min(clusterBytes, slice);
        int capacity = Math.max(2, capacityBytes / sliceBytes);
        this.slices = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Long, long[]> eldest) {
                return size() > capacity;
            }
        };
    }

    /** The big-endian {@code long} at an offset that is a multiple of eight. */
    long readLong(long offset) throws IOException {
        long start = offset & -(long) sliceBytes;
        if (start != lastStart) {
            last = slice(start);
            lastStart = start;
        }
        return last[(int) (offset - start) / Long.BYTES];
    }

    void clear() {
        slices.clear();
        lastStart = NONE;
    }

    private long[] slice(long start) throws IOException {
        long[] slice = slices.get(start);
        if (slice == null) {
            ByteBuffer raw = ByteBuffer.allocate(sliceBytes);
            file.read(raw, start);
            slice = new long[sliceBytes / Long.BYTES];
            raw.flip().asLongBuffer().get(slice);
            slices.put(start, slice);
        }
        return slice;
    }
}
