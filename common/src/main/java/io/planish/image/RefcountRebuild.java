package io.planish.image;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.Refcounts;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Replaces all refcount structures by new ones, made from the references that the tables hold.
 *
 * <ol>
 *   <li>A new refcount table and all its blocks are written behind the file's end, where nothing refers to them; durable.
 *   <li>COPIED flags follow the new refcounts; durable, while the dirty bit is still set.
 *   <li>One write of the header's first sector switches to the new table and clears the dirty bit; durable.
 * </ol>
 *
 * <p>A crash at any point leaves the content as it is and the image as repairable as before. The clusters of the old
 * structures are free in the new ones. The caller has checked that the tables are sound, and holds the image's lock.
 */
final class RefcountRebuild {
    private static final int CHUNK_BYTES = 64 << 10;

    private final ImageFile file;
    private final Header header;
    private final Geometry geometry;
    private final int windowClusters;
    private final long oldSizeBytes;
    private final long oldClusters;
    private final long tableOffset;
    private final int tableClusters;
    private final long blocksOffset;
    private final long blocks;

    private RefcountRebuild(ImageFile file, Header header, int windowClusters) throws IOException {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.windowClusters = windowClusters;
        this.oldSizeBytes = file.sizeBytes();
        this.oldClusters = geometry.clusters(oldSizeBytes);
        long perBlock = geometry.refcountsPerBlock();
        long blocksNeeded = 0;
        long tableNeeded = 0;
        for (long all = oldClusters; all > blocksNeeded * perBlock; ) {
            blocksNeeded = (all + perBlock - 1) / perBlock;
            tableNeeded = geometry.clusters(blocksNeeded * Long.BYTES);
            all = oldClusters + blocksNeeded + tableNeeded;
        }
        if (tableNeeded << geometry.clusterBits() > Header.MAX_REFCOUNT_TABLE_BYTES) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED_FEATURE, "the file is too long for its refcounts to be rebuilt", "");
        }
        this.blocks = blocksNeeded;
        this.tableClusters = (int) tableNeeded;
        this.tableOffset = oldClusters << geometry.clusterBits();
        this.blocksOffset = tableOffset + (tableNeeded << geometry.clusterBits());
    }

    static void run(ImageFile file, Header header) throws IOException {
        run(file, header, ReferenceWindow.CLUSTERS);
    }

    static void run(ImageFile file, Header header, int windowClusters) throws IOException {
        new RefcountRebuild(file, header, windowClusters).run();
    }

    private void run() throws IOException {
        writeTable();
        writeEmptyBlocks();
        ReferenceWindow.forEach(
                file, header, oldSizeBytes, windowClusters, MetadataWalk::allButRefcounts, this::writeRefcounts);
        for (long own = oldClusters; own < oldClusters + tableClusters + blocks; own++) {
            countOwn(own);
        }
        file.sync();
        RefcountReader refcounts =
                new RefcountReader(file, geometry, tableOffset, (long) tableClusters << geometry.clusterBits());
        CopiedFlags.correct(file, header, refcounts);
        file.sync();
        HeaderFile.edit(
                file, edit -> edit.refcountTable(tableOffset, tableClusters).dirty(false));
    }

    private void writeTable() throws IOException {
        ByteBuffer table = ByteBuffer.allocate(tableClusters << geometry.clusterBits());
        for (int i = 0; i < blocks; i++) {
            table.putLong(i * Long.BYTES, blocksOffset + ((long) i << geometry.clusterBits()));
        }
        file.write(table, tableOffset);
    }

    private void writeEmptyBlocks() throws IOException {
        long end = blocks << geometry.clusterBits();
        for (long at = 0; at < end; at += CHUNK_BYTES) {
            file.write(ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, end - at)), blocksOffset + at);
        }
    }

    /** The blocks are one behind the other, so that the refcount of cluster {@code n} is the {@code n}th from their start. */
    private void writeRefcounts(ReferenceWindow window) throws IOException {
        int width = geometry.refcountBits();
        int perChunk = CHUNK_BYTES * 8 / width;
        for (int from = 0; from < window.size(); from += perChunk) {
            int clusters = Math.min(perChunk, window.size() - from);
            ByteBuffer chunk = ByteBuffer.allocate((clusters * width + 7) / 8);
            for (int i = 0; i < clusters; i++) {
                Refcounts.set(chunk, i, width, fitting(window.count(from + i)));
            }
            file.write(chunk, blocksOffset + (window.first() + from) * width / 8);
        }
    }

    private void countOwn(long cluster) throws IOException {
        int perWord = Long.SIZE / geometry.refcountBits();
        long at = blocksOffset + cluster / perWord * Long.BYTES;
        ByteBuffer word = ByteBuffer.allocate(Long.BYTES);
        file.read(word, at);
        Refcounts.set(word, (int) (cluster % perWord), geometry.refcountBits(), 1);
        file.write(word.clear(), at);
    }

    private long fitting(long references) throws ImageException {
        if (references > Refcounts.max(geometry.refcountBits())) {
            throw new ImageException(
                    ErrorKind.MALFORMED_IMAGE,
                    "a cluster has " + references + " references, more than a refcount of " + geometry.refcountBits()
                            + " bits can count",
                    "");
        }
        return references;
    }
}
