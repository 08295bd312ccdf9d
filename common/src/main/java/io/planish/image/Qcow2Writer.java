package io.planish.image;

import io.planish.qcow2.CompressedDescriptor;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.L2Entry;
import io.planish.qcow2.Subclusters;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

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
    private final SubclusterCopy subclusterCopy;
    private final RefcountMap refcounts;
    private final StreamPacker packer;
    private L2Tables tables;
    private final ReplacedClusters replaced;
    /** Whether anything of the current batch waits for a sync, be it only data written in place. */
    private boolean pending;
    /** Whether all of the batch is durable that comes before what makes it visible. */
    private boolean prepared;

    private final L2Tables.Clusters tableClusters = new L2Tables.Clusters() {
        @Override
        public long take() throws IOException {
            return refcounts.take(1).hostOffset();
        }

        @Override
        public void release(long hostOffset) {
            replaced.add(hostOffset, clusterBytes);
        }
    };

    private Qcow2Writer(ImageFile file, Header header) throws IOException {
        this.file = file;
        this.virtualSizeBytes = header.virtualSizeBytes();
        this.hasZeroClusters = header.version() >= 3;
        this.geometry = header.geometry();
        this.clusterBits = geometry.clusterBits();
        this.clusterBytes = geometry.clusterBytes();
        this.subclusterCopy = new SubclusterCopy(file, header);
        this.refcounts = new RefcountMap(
                file,
                clusterBytes,
                geometry.refcountBits(),
                header.refcountTableOffset(),
                header.refcountTableClusters());
        this.replaced = new ReplacedClusters(file, refcounts, clusterBytes);
        this.packer = new StreamPacker(refcounts, clusterBytes);
        this.tables = new L2Tables(file, geometry, header.l1Offset(), header.l1Entries());
    }

    /** Reads the tables of an image that is open for writing and whose metadata is sound. */
    public static Qcow2Writer open(ImageFile file, Header header) throws IOException {
        return new Qcow2Writer(file, header);
    }

    @Override
    public int granularityBytes() {
        return geometry.granularityBytes();
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
    public Place place(long guestOffset, long lengthBytes, boolean mayOverwrite) throws IOException {
        long end = guestOffset + lengthBytes;
        long first = guestOffset >>> clusterBits;
        long last = (end - 1) >>> clusterBits;
        long next = first + 1;
        long host = ownCluster(first, guestOffset, end, mayOverwrite);
        if (host >= 0) {
            while (next <= last
                    && ownCluster(next, guestOffset, end, mayOverwrite) == host + (next - first << clusterBits)) {
                next++;
            }
        } else {
            while (next <= last && ownCluster(next, guestOffset, end, mayOverwrite) < 0) {
                next++;
            }
            RefcountMap.Extent taken = refcounts.take((int) (next - first));
            host = taken.hostOffset();
            next = first + taken.clusters();
        }
        return new Place(
                host + geometry.offsetInCluster(guestOffset), Math.min(end, next << clusterBits) - guestOffset);
    }

    /** Where the part of {@code from .. to} in a guest cluster can be written in place; -1 if it cannot. */
    private long ownCluster(long guestCluster, long from, long to, boolean mayOverwrite) throws IOException {
        if (!mayOverwrite && !geometry.hasSubclusters()) {
            return -1;
        }
        long entry = tables.entry(guestCluster);
        if (!L2Entry.isCopied(entry)) {
            return -1;
        }
        if (!mayOverwrite) {
            long part = Subclusters.allocated(firstSubcluster(guestCluster, from), endSubcluster(guestCluster, to));
            if ((tables.subclusters(guestCluster) & part) != 0) {
                return -1;
            }
        }
        return L2Entry.hostOffset(entry);
    }

    @Override
    public void mapData(long guestOffset, long lengthBytes, long hostOffset) throws IOException {
        long end = guestOffset + lengthBytes;
        long host = hostOffset - geometry.offsetInCluster(guestOffset);
        for (long cluster = guestOffset >>> clusterBits;
                cluster << clusterBits < end;
                cluster++, host += clusterBytes) {
            long subclusters = Subclusters.NONE;
            if (geometry.hasSubclusters()) {
                int from = firstSubcluster(cluster, guestOffset);
                int to = endSubcluster(cluster, end);
                long entry = tables.entry(cluster);
                subclusters = subclusterCopy.bringRest(entry, tables.subclusters(cluster), host, from, to)
                        | Subclusters.allocated(from, to);
            }
            replace(cluster, L2Entry.standard(host, true), subclusters);
        }
    }

    @Override
    public long mapCompressed(long guestOffset, int lengthBytes) throws IOException {
        return mapStream(guestOffset, packer.place(lengthBytes), lengthBytes);
    }

    @Override
    public long mapCompressed(long guestOffset, CompressedDescriptor source, int advanceBytes) throws IOException {
        int inSector = (int) (source.hostOffset() % CompressedDescriptor.SECTOR_BYTES);
        int length = source.maxLengthBytes();
        return mapStream(guestOffset, packer.place(inSector, length, advanceBytes), length);
    }

    private long mapStream(long guestOffset, long place, int lengthBytes) throws IOException {
        long entry = L2Entry.compressed(CompressedDescriptor.of(place, lengthBytes), geometry);
        replace(guestOffset >>> clusterBits, entry, Subclusters.NONE);
        return place;
    }

    @Override
    public void mapZero(long guestOffset, long lengthBytes) throws IOException {
        long end = guestOffset + lengthBytes;
        for (long cluster = guestOffset >>> clusterBits; cluster << clusterBits < end; cluster++) {
            if (geometry.hasSubclusters()) {
                int from = firstSubcluster(cluster, guestOffset);
                int to = endSubcluster(cluster, end);
                takeData(cluster, from, to, Subclusters.zero(from, to));
            } else {
                replace(cluster, L2Entry.ZERO, Subclusters.NONE);
            }
        }
    }

    /** Subclusters {@code from .. to} become what {@code instead} says; the cluster goes with the last data in it. */
    private void takeData(long guestCluster, int from, int to, long instead) throws IOException {
        long entry = tables.entry(guestCluster);
        long host = L2Entry.hostOffset(entry);
        if (L2Entry.isCompressed(entry)) {
            host = to - from == Subclusters.COUNT ? 0 : refcounts.take(1).hostOffset();
        }
        long bitmap = subclusterCopy.bringRest(entry, tables.subclusters(guestCluster), host, from, to) | instead;
        boolean copied = L2Entry.isCompressed(entry) || L2Entry.isCopied(entry);
        replace(
                guestCluster,
                Subclusters.anyAllocated(bitmap) ? L2Entry.standard(host, copied) : L2Entry.UNALLOCATED,
                bitmap);
    }

    /** The subcluster of a guest cluster in which {@code guestOffset} or, if that is before it, the cluster begins. */
    private int firstSubcluster(long guestCluster, long guestOffset) {
        return (int) (Math.max(0, guestOffset - (guestCluster << clusterBits)) / geometry.granularityBytes());
    }

    /** The number of subclusters of a guest cluster that begin before {@code guestEnd}. */
    private int endSubcluster(long guestCluster, long guestEnd) {
        long inCluster = Math.min(clusterBytes, guestEnd - (guestCluster << clusterBits));
        return (int) Math.ceilDiv(inCluster, geometry.granularityBytes());
    }

    @Override
    public boolean wantsFlush(long tableBytes) {
        return tables.dirtyBytes() >= tableBytes;
    }

    @Override
    public void prepare() throws IOException {
        if (pending && !prepared) {
            packer.leaveCluster();
            tables.writeNewTables();
            refcounts.writeBlocks();
            file.sync();
            prepared = true;
        }
    }

    @Override
    public void requirePrepared() throws IOException {
        tables.requireNewTablesWritten();
    }

    @Override
    public boolean willShowData(long guestOffset, long lengthBytes, long hostOffset) throws IOException {
        long end = guestOffset + lengthBytes;
        long host = hostOffset - geometry.offsetInCluster(guestOffset);
        for (long cluster = guestOffset >>> clusterBits;
                cluster << clusterBits < end;
                cluster++, host += clusterBytes) {
            if (tables.entry(cluster) != L2Entry.standard(host, true)) {
                return false;
            }
            if (geometry.hasSubclusters()) {
                long part = Subclusters.allocated(firstSubcluster(cluster, guestOffset), endSubcluster(cluster, end));
                if ((tables.subclusters(cluster) & part) != part) {
                    return false;
                }
            }
        }
        return true;
    }

    @Override
    public boolean willShowStream(long guestOffset, int lengthBytes, long hostOffset) throws IOException {
        return tables.entry(guestOffset >>> clusterBits)
                == L2Entry.compressed(CompressedDescriptor.of(hostOffset, lengthBytes), geometry);
    }

    @Override
    public boolean willShowZeroes(long guestOffset, long lengthBytes) throws IOException {
        long end = guestOffset + lengthBytes;
        for (long cluster = guestOffset >>> clusterBits; cluster << clusterBits < end; cluster++) {
            if (geometry.hasSubclusters()) {
                long part = Subclusters.zero(firstSubcluster(cluster, guestOffset), endSubcluster(cluster, end));
                if ((tables.subclusters(cluster) & part) != part) {
                    return false;
                }
            } else if (tables.entry(cluster) != L2Entry.ZERO) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void flush() throws IOException {
        if (!pending) {
            return;
        }
        prepare();
        pending = false;
        prepared = false;
        if (refcounts.hasNewBlocks()) {
            refcounts.writeTable();
            file.sync();
        }
        tables.writeEntries();
        file.sync();
        replaced.giveBack();
    }

    @Override
    public void clearBehindEnd() throws IOException {
        int behind = (int)
                (Math.ceilDiv(virtualSizeBytes, (long) granularityBytes()) * granularityBytes() - virtualSizeBytes);
        long cluster = virtualSizeBytes >>> clusterBits;
        if (behind == 0 || !showsOwnData(cluster, virtualSizeBytes)) {
            return;
        }
        long place = L2Entry.hostOffset(tables.entry(cluster)) + geometry.offsetInCluster(virtualSizeBytes);
        ByteBuffer found = ByteBuffer.allocate(behind);
        file.read(found, place);
        ByteBuffer zeroes = ByteBuffer.allocate(behind);
        if (!found.flip().equals(zeroes)) {
            file.write(zeroes, place);
            file.sync();
        }
    }

    /** Whether the guest reads its own data at {@code guestOffset}, in a cluster of the file that nobody else refers to. */
    private boolean showsOwnData(long guestCluster, long guestOffset) throws IOException {
        long entry = tables.entry(guestCluster);
        int subcluster = firstSubcluster(guestCluster, guestOffset);
        return L2Entry.isCopied(entry)
                && (geometry.hasSubclusters()
                                ? Subclusters.kind(entry, tables.subclusters(guestCluster), subcluster)
                                : L2Entry.kind(entry))
                        == L2Entry.Kind.STANDARD;
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
        tables = new L2Tables(file, geometry, run.hostOffset(), needed);
        replaced.add(oldOffset, (long) old * Long.BYTES);
        replaced.giveBack();
    }

    /** Clears every mapping of (sub)clusters that begin at or past {@code offset} and gives them back; durable on return. */
    public void discardFrom(long offset, long tableBytes) throws IOException {
        long clusters = (long) tables.l1Entries() * tables.entriesPerTable();
        if (geometry.hasSubclusters() && !geometry.isAligned(offset)) {
            long cluster = offset >>> clusterBits;
            int from = endSubcluster(cluster, offset);
            if (tables.hasTable(cluster) && from < Subclusters.COUNT) {
                takeData(cluster, from, Subclusters.COUNT, Subclusters.NONE);
            }
        }
        for (long cluster = geometry.clusters(offset); cluster < clusters; ) {
            if (!tables.hasTable(cluster)) {
                cluster = (cluster / tables.entriesPerTable() + 1) * tables.entriesPerTable();
                continue;
            }
            if (tables.entry(cluster) != L2Entry.UNALLOCATED
                    || (geometry.hasSubclusters() && tables.subclusters(cluster) != Subclusters.NONE)) {
                replace(cluster, L2Entry.UNALLOCATED, Subclusters.NONE);
            }
            cluster++;
            if (wantsFlush(tableBytes)) {
                flush();
            }
        }
        flush();
    }

    private void replace(long guestCluster, long entry, long subclusters) throws IOException {
        pending = true;
        long old = tables.entry(guestCluster);
        if (old == entry && (!geometry.hasSubclusters() || tables.subclusters(guestCluster) == subclusters)) {
            return;
        }
        boolean sameCluster = !L2Entry.isCompressed(old)
                && !L2Entry.isCompressed(entry)
                && L2Entry.hostOffset(entry) != 0
                && L2Entry.hostOffset(old) == L2Entry.hostOffset(entry);
        if (!sameCluster) {
            release(old);
        }
        tables.set(guestCluster, entry, subclusters, tableClusters);
    }

    private void release(long entry) {
        switch (L2Entry.kind(entry)) {
            case UNALLOCATED, ZERO_PLAIN -> {}
            case STANDARD, ZERO_ALLOCATED -> replaced.add(L2Entry.hostOffset(entry), clusterBytes);
            case COMPRESSED -> {
                CompressedDescriptor data = CompressedDescriptor.decode(entry, clusterBits);
                replaced.add(data.hostOffset(), data.maxLengthBytes());
            }
        }
    }
}
