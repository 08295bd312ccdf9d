package io.planish.image;

import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.RefcountTableEntry;
import io.planish.qcow2.Refcounts;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Refcounts of clusters that lie wholly past the end of the file: no sound table refers there, so that what is counted is leaked. A
 * crash leaves them when refcounts survived and the data that was to grow the file did not.
 */
final class RefcountTail {
    private static final int CHUNK_BYTES = 64 << 10;

    private RefcountTail() {}

    /** Sets them to zero, durable on return. The tables must be sound. */
    static void clear(ImageFile file, Header header) throws IOException {
        Geometry geometry = header.geometry();
        long firstPast = geometry.clusters(file.sizeBytes());
        long entries = header.refcountTableBytes() / Long.BYTES;
        boolean found = false;
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        for (long index = firstPast / geometry.refcountsPerBlock(); index < entries; ) {
            int length = (int) Math.min(CHUNK_BYTES, (entries - index) * Long.BYTES);
            file.read(chunk.clear().limit(length), header.refcountTableOffset() + index * Long.BYTES);
            for (int i = 0; i < length; i += Long.BYTES, index++) {
                long block = RefcountTableEntry.blockOffset(chunk.getLong(i));
                if (block != 0) {
                    long start = Math.max(0, firstPast - index * geometry.refcountsPerBlock());
                    found |= clearFrom(file, geometry, block, (int) start);
                }
            }
        }
        if (found) {
            file.sync();
        }
    }

    private static boolean clearFrom(ImageFile file, Geometry geometry, long block, int start) throws IOException {
        ByteBuffer counts = ByteBuffer.allocate(geometry.clusterBytes());
        file.read(counts, block);
        boolean found = false;
        for (int i = start; i < geometry.refcountsPerBlock(); i++) {
            if (Refcounts.get(counts, i, geometry.refcountBits()) != 0) {
                Refcounts.set(counts, i, geometry.refcountBits(), 0);
                found = true;
            }
        }
        if (found) {
            file.write(counts.clear(), block);
        }
        return found;
    }
}
