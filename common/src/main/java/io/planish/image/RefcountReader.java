package io.planish.image;

import io.planish.qcow2.Geometry;
import io.planish.qcow2.RefcountTableEntry;
import io.planish.qcow2.Refcounts;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Looks refcounts up as they are on disk. Not thread-safe. */
final class RefcountReader {
    private static final int CACHE_BYTES = 1 << 20;

    private final Geometry geometry;
    private final long tableOffset;
    private final long tableEntries;
    private final long fileSizeBytes;
    private final TableCache table;
    private final TableCache blocks;
    private final ByteBuffer word = ByteBuffer.allocate(Long.BYTES);

    RefcountReader(ImageFile file, Geometry geometry, long tableOffset, long tableBytes) throws IOException {
        this.geometry = geometry;
        this.tableOffset = tableOffset;
        this.tableEntries = tableBytes / Long.BYTES;
        this.fileSizeBytes = file.sizeBytes();
        this.table = new TableCache(file, geometry.clusterBytes(), 0);
        this.blocks = new TableCache(file, geometry.clusterBytes(), CACHE_BYTES);
    }

    /** The refcount of a host cluster; 0 where no sound refcount block covers it. */
    long get(long cluster) throws IOException {
        long index = cluster / geometry.refcountsPerBlock();
        if (index >= tableEntries) {
            return 0;
        }
        long entry = table.readLong(tableOffset + index * Long.BYTES);
        long block = RefcountTableEntry.blockOffset(entry);
        if (entry == 0 || !geometry.isAligned(entry) || block < 0 || block >= fileSizeBytes) {
            return 0;
        }
        int width = geometry.refcountBits();
        int inBlock = (int) (cluster % geometry.refcountsPerBlock());
        int perWord = Long.SIZE / width;
        word.putLong(0, blocks.readLong(block + (long) (inBlock / perWord) * Long.BYTES));
        return Refcounts.get(word, inBlock % perWord, width);
    }
}
