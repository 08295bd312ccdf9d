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
    private RefcountTail() {}

    /** Sets them to zero, durable on return. The tables must be sound. */
    static void clear(ImageFile file, Header header) throws IOException {
        Geometry geometry = header.geometry();
        long firstPast = geometry.clusters(file.sizeBytes());
        long entries = header.refcountTableBytes() / Long.BYTES;
        boolean found = false;
        ByteBuffer entry = ByteBuffer.allocate(Long.BYTES);
        for (long index = firstPast / geometry.refcountsPerBlock(); index < entries; index++) {
            file.read(entry.clear(), header.refcountTableOffset() + index * Long.BYTES);
            long block = RefcountTableEntry.blockOffset(entry.getLong(0));
            if (block != 0) {
                long start = Math.max(0, firstPast - index * geometry.refcountsPerBlock());
                found |= clearFrom(file, geometry, block, (int) start);
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
