package io.planish.image;

import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.RefcountTableEntry;
import io.planish.qcow2.Refcounts;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Gives leaked clusters back: refcounts that are higher than the references the tables hold are lowered, durable; then the COPIED
 * flags follow, durable. A crash on the way leaves leaks, or missing flags. The caller has checked that the tables are
 * sound, and holds the image's lock.
 */
final class RefcountRepair {
    private final ImageFile file;
    private final Header header;
    private final Geometry geometry;

    private RefcountRepair(ImageFile file, Header header) {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
    }

    static void repairLeaks(ImageFile file, Header header) throws IOException {
        new RefcountRepair(file, header).lowerLeaked();
    }

    private void lowerLeaked() throws IOException {
        RefcountReader before = reader();
        ReferenceWindow.forEach(file, header, file.sizeBytes(), ReferenceWindow.CLUSTERS, MetadataWalk::run, window -> {
            for (int i = 0; i < window.size(); i++) {
                long cluster = window.first() + i;
                if (before.get(cluster) > window.count(i)) {
                    lower(cluster, window.count(i));
                }
            }
        });
        file.sync();
        CopiedFlags.correct(file, header, reader());
        file.sync();
    }

    private RefcountReader reader() throws IOException {
        return new RefcountReader(file, geometry, header.refcountTableOffset(), header.refcountTableBytes());
    }

    /** Writes the eight bytes around one refcount; they lie in one sector. */
    private void lower(long cluster, long refcount) throws IOException {
        ByteBuffer word = ByteBuffer.allocate(Long.BYTES);
        file.read(word, header.refcountTableOffset() + cluster / geometry.refcountsPerBlock() * Long.BYTES);
        long block = RefcountTableEntry.blockOffset(word.getLong(0));
        int perWord = Long.SIZE / geometry.refcountBits();
        int inBlock = (int) (cluster % geometry.refcountsPerBlock());
        long at = block + (long) (inBlock / perWord) * Long.BYTES;
        file.read(word.clear(), at);
        Refcounts.set(word, inBlock % perWord, geometry.refcountBits(), refcount);
        file.write(word.clear(), at);
    }
}
