package io.planish.image;

import io.planish.qcow2.CompressedDescriptor;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.L2Entry;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Changes what an image maps, in an order that keeps every crash point readable.
 *
 * <p>A batch is: take clusters, write data into them, say what the guest clusters map to now, {@link #flush}. Until the flush
 * nothing of a batch is visible in the file; a crash leaks at most the clusters it took. The flush does, each step durable before
 * the next (QCOW2.md's order, from the format's document):
 *
 * <ol>
 *   <li>data written by the caller, raised refcounts, new L2 tables;
 *   <li>refcount table entries of new refcount blocks;
 *   <li>L2 entries in place and L1 entries of new tables: now the batch is visible;
 *   <li>refcounts of what the batch replaced go down;
 *   <li>what nobody refers to any more goes back to the filesystem, and may be taken by the next batch.
 * </ol>
 *
 * <p>The image's metadata must have been checked before. Memory is bounded by the tables one batch changes. Not thread-safe. After a
 * failure the writer must not be used again.
 */
public final class Qcow2Writer implements TargetWriter {
    private static final long TABLE_BYTES = 16 << 20;

    private final ImageFile file;
    private final long virtualSizeBytes;
    private final boolean hasZeroClusters;
    private final Geometry geometry;
    private final int clusterBytes;
    private final int clusterBits;
    private final RefcountMap refcounts;
    private final StreamPacker packer;
    private L2Tables tables;
    private final List<Long> replaced = new ArrayList<>();
    /** Whether anything of the current batch waits for a sync, be it only data written in place. */
    private boolean pending;

    private final L2Tables.Clusters tableClusters = new L2Tables.Clusters() {
        @Override
        public long take() throws IOException {
            return refcounts.take(1).hostOffset();
        }

        @Override
        public void release(long hostOffset) {
            replaced.add(hostOffset / clusterBytes);
        }
    };

    private Qcow2Writer(ImageFile file, Header header) throws IOException {
        this.file = file;
        this.virtualSizeBytes = header.virtualSizeBytes();
        this.hasZeroClusters = header.version() >= 3;
        this.geometry = header.geometry();
        this.clusterBits = geometry.clusterBits();
        this.clusterBytes = 1 << clusterBits;
        this.refcounts = new RefcountMap(
                file,
                clusterBytes,
                geometry.refcountBits(),
                header.refcountTableOffset(),
                header.refcountTableClusters());
        this.packer = new StreamPacker(refcounts, clusterBytes);
        this.tables = new L2Tables(file, clusterBytes, header.l1Offset(), header.l1Entries());
    }

    /** Reads the tables of an image that is open for writing and whose metadata is sound. */
    public static Qcow2Writer open(ImageFile file, Header header) throws IOException {
        return new Qcow2Writer(file, header);
    }

    @Override
    public int clusterBytes() {
        return clusterBytes;
    }

    @Override
    public boolean hasZeroClusters() {
        return hasZeroClusters;
    }

    @Override
    public void grow(long newVirtualSizeBytes) throws IOException {
        if (newVirtualSizeBytes > virtualSizeBytes) {
            discardFrom(virtualSizeBytes, TABLE_BYTES);
            growL1(newVirtualSizeBytes);
        }
    }

    @Override
    public Run take(int wanted) throws IOException {
        RefcountMap.Extent extent = refcounts.take(wanted);
        return new Run(extent.hostOffset(), extent.clusters());
    }

    @Override
    public long ownHostOffset(long guestCluster) throws IOException {
        long entry = tables.entry(guestCluster);
        return switch (L2Entry.kind(entry)) {
            case STANDARD, ZERO_ALLOCATED -> L2Entry.isCopied(entry) ? L2Entry.hostOffset(entry) : -1;
            case UNALLOCATED, ZERO_PLAIN, COMPRESSED -> -1;
        };
    }

    @Override
    public void mapData(long guestCluster, long hostOffset) throws IOException {
        replace(guestCluster, L2Entry.standard(hostOffset, true));
    }

    @Override
    public long mapCompressed(long guestCluster, int lengthBytes) throws IOException {
        long place = packer.place(lengthBytes);
        replace(guestCluster, L2Entry.compressed(CompressedDescriptor.of(place, lengthBytes), geometry));
        return place;
    }

    @Override
    public void mapZero(long guestCluster) throws IOException {
        replace(guestCluster, L2Entry.ZERO);
    }

    @Override
    public boolean wantsFlush(long tableBytes) {
        return tables.dirtyBytes() >= tableBytes;
    }

    @Override
    public void flush() throws IOException {
        if (!pending) {
            return;
        }
        pending = false;
        packer.leaveCluster();
        tables.writeNewTables();
        refcounts.writeBlocks();
        file.sync();
        if (refcounts.hasNewBlocks()) {
            refcounts.writeTable();
            file.sync();
        }
        tables.writeEntries();
        file.sync();
        giveBack();
    }

    /**
     * Makes the L1 table large enough for a disk of {@code virtualSizeBytes}, durably; the virtual size itself stays. The batch must be
     * empty.
     */
    public void growL1(long virtualSizeBytes) throws IOException {
        long perTable = (long) tables.entriesPerTable() << clusterBits;
        int needed = Math.toIntExact(Math.ceilDiv(virtualSizeBytes, perTable));
        int old = tables.l1Entries();
        if (needed <= old) {
            return;
        }
        ByteBuffer raw = ByteBuffer.allocate(Math.multiplyExact(needed, Long.BYTES));
        for (int i = 0; i < old; i++) {
            raw.putLong(tables.l1Entry(i));
        }
        int clusters = Math.ceilDiv(needed * Long.BYTES, clusterBytes);
        RefcountMap.Extent run = refcounts.takeContiguous(clusters);
        file.write(raw.clear(), run.hostOffset());
        refcounts.writeBlocks();
        file.sync();
        if (refcounts.hasNewBlocks()) {
            refcounts.writeTable();
            file.sync();
        }
        long oldOffset = HeaderFile.read(file).l1Offset();
        HeaderFile.edit(file, edit -> edit.l1Table(run.hostOffset(), needed));
        tables = new L2Tables(file, clusterBytes, run.hostOffset(), needed);
        for (long at = 0; at < (long) old * Long.BYTES; at += clusterBytes) {
            replaced.add((oldOffset + at) / clusterBytes);
        }
        giveBack();
    }

    /** Clears every mapping at or past {@code offset}, a cluster boundary, and gives the clusters back; durable on return. */
    public void discardFrom(long offset, long tableBytes) throws IOException {
        long clusters = (long) tables.l1Entries() * tables.entriesPerTable();
        for (long cluster = Math.ceilDiv(offset, clusterBytes); cluster < clusters; ) {
            if (!tables.hasTable(cluster)) {
                cluster = (cluster / tables.entriesPerTable() + 1) * tables.entriesPerTable();
                continue;
            }
            if (tables.entry(cluster) != 0) {
                replace(cluster, 0);
            }
            cluster++;
            if (wantsFlush(tableBytes)) {
                flush();
            }
        }
        flush();
    }

    private void replace(long guestCluster, long entry) throws IOException {
        pending = true;
        long old = tables.entry(guestCluster);
        if (old == entry) {
            return;
        }
        boolean sameCluster = !L2Entry.isCompressed(old)
                && !L2Entry.isCompressed(entry)
                && L2Entry.hostOffset(entry) != 0
                && L2Entry.hostOffset(old) == L2Entry.hostOffset(entry);
        if (!sameCluster) {
            release(old);
        }
        tables.set(guestCluster, entry, tableClusters);
    }

    private void release(long entry) {
        switch (L2Entry.kind(entry)) {
            case UNALLOCATED, ZERO_PLAIN -> {}
            case STANDARD, ZERO_ALLOCATED -> replaced.add(L2Entry.hostOffset(entry) / clusterBytes);
            case COMPRESSED -> {
                CompressedDescriptor data = CompressedDescriptor.decode(entry, clusterBits);
                long last = (data.endOffset() - 1) / clusterBytes;
                for (long cluster = data.hostOffset() / clusterBytes; cluster <= last; cluster++) {
                    replaced.add(cluster);
                }
            }
        }
    }

    /** Lowers the counts of what the batch replaced, and only then lets the filesystem have what is free. */
    private void giveBack() throws IOException {
        if (replaced.isEmpty()) {
            return;
        }
        List<Long> free = new ArrayList<>();
        for (long cluster : replaced) {
            if (refcounts.lower(cluster)) {
                free.add(cluster);
            }
        }
        replaced.clear();
        refcounts.writeBlocks();
        file.sync();
        long size = file.sizeBytes();
        free.sort(null);
        for (int i = 0; i < free.size(); ) {
            int end = i + 1;
            while (end < free.size() && free.get(end) == free.get(i) + (end - i)) {
                end++;
            }
            long from = free.get(i) * clusterBytes;
            long to = Math.min(size, free.get(end - 1) * clusterBytes + clusterBytes);
            if (from < to) {
                file.punch(from, to - from);
            }
            i = end;
        }
    }
}
