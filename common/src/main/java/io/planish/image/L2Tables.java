package io.planish.image;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.L1Entry;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The L1 and L2 tables of one image that is being written: what each guest cluster maps to, and what changed since the last
 * flush.
 *
 * <p>{@link #writeNewTables} must be durable before {@link #writeEntries}, which makes the changes visible. Not thread-safe.
 */
final class L2Tables {
    private static final int SECTOR = 512;
    private static final int KEPT_BYTES = 16 << 20;

    private final ImageFile file;
    private final int clusterBytes;
    private final int entryBytes;
    private final int entriesPerTable;
    private final Map<Integer, Table> tables = new LinkedHashMap<>(16, 0.75f, true);
    private final TreeMap<Integer, Long> newL1Entries = new TreeMap<>();
    private final long l1Offset;
    private final long[] l1;
    private int dirtyTables;

    private static final class Table {
        final ByteBuffer entries;
        final long hostOffset;
        final boolean fresh;
        int dirtyFrom = Integer.MAX_VALUE;
        int dirtyTo;

        Table(ByteBuffer entries, long hostOffset, boolean fresh) {
            this.entries = entries;
            this.hostOffset = hostOffset;
            this.fresh = fresh;
        }

        boolean dirty() {
            return fresh || dirtyTo > 0;
        }
    }

    /** Gives a cluster for a new table, and takes back the one it replaces. */
    interface Clusters {
        long take() throws IOException;

        void release(long hostOffset);
    }

    L2Tables(ImageFile file, Geometry geometry, long l1Offset, int l1Entries) throws IOException {
        this.file = file;
        this.clusterBytes = geometry.clusterBytes();
        this.entryBytes = geometry.l2EntryBytes();
        this.entriesPerTable = geometry.l2EntriesPerTable();
        this.l1Offset = l1Offset;
        ByteBuffer raw = ByteBuffer.allocate(l1Entries * Long.BYTES);
        file.read(raw, l1Offset);
        this.l1 = new long[l1Entries];
        raw.flip().asLongBuffer().get(l1);
    }

    /** The raw L2 entry of a guest cluster; 0 where it has no table. */
    long entry(long guestCluster) throws IOException {
        int index = l1Index(guestCluster);
        return l1[index] == 0 ? 0 : table(index).entries.getLong(position(guestCluster));
    }

    /** What the subclusters of a guest cluster are; 0 where it has no table. Extended entries only. */
    long subclusters(long guestCluster) throws IOException {
        int index = l1Index(guestCluster);
        return l1[index] == 0 ? 0 : table(index).entries.getLong(position(guestCluster) + Long.BYTES);
    }

    /** Whether the guest cluster's table exists, so that {@link #entry} may be something else than 0. */
    boolean hasTable(long guestCluster) {
        return l1[l1Index(guestCluster)] != 0;
    }

    int entriesPerTable() {
        return entriesPerTable;
    }

    int l1Entries() {
        return l1.length;
    }

    long l1Entry(int index) {
        return l1[index];
    }

    /** How many bytes of tables wait to be written. */
    long dirtyBytes() {
        return (long) dirtyTables * clusterBytes;
    }

    /**
     * Sets the raw L2 entry of a guest cluster; a missing or shared table is replaced by an own one.
     *
     * @param subclusters the second half of an extended entry
     */
    void set(long guestCluster, long entry, long subclusters, Clusters clusters) throws IOException {
        Table table = writable(l1Index(guestCluster), clusters);
        int position = position(guestCluster);
        table.entries.putLong(position, entry);
        if (entryBytes > Long.BYTES) {
            table.entries.putLong(position + Long.BYTES, subclusters);
        }
        dirtyTables += table.dirty() ? 0 : 1;
        table.dirtyFrom = Math.min(table.dirtyFrom, position);
        table.dirtyTo = Math.max(table.dirtyTo, position + entryBytes);
    }

    /** Writes tables nothing refers to yet. */
    void writeNewTables() throws IOException {
        for (Table table : tables.values()) {
            if (table.fresh) {
                file.write(table.entries.duplicate().clear(), table.hostOffset);
            }
        }
    }

    /** Fails unless the new tables, which are durable, stand on the disk as they are meant. */
    void requireNewTablesWritten() throws IOException {
        ByteBuffer found = ByteBuffer.allocateDirect(clusterBytes);
        for (Table table : tables.values()) {
            if (table.fresh) {
                file.dropCache(table.hostOffset, clusterBytes);
                file.read(found.clear(), table.hostOffset);
                if (!found.flip().equals(table.entries.duplicate().clear())) {
                    throw new ImageException(
                            ErrorKind.IO,
                            file.path().toString(),
                            "verification failed: the new L2 table at 0x%x is not what was written"
                                    .formatted(table.hostOffset),
                            "nothing refers to it; check the disk and the kernel's log, then run the job again");
                }
            }
        }
    }

    /** Makes all changes visible: entries of tables in place, L1 entries of new ones. */
    void writeEntries() throws IOException {
        for (Map.Entry<Integer, Table> entry : tables.entrySet()) {
            Table table = entry.getValue();
            if (table.fresh) {
                entry.setValue(new Table(table.entries, table.hostOffset, false));
            } else if (table.dirty()) {
                int from = table.dirtyFrom / SECTOR * SECTOR;
                int to = (table.dirtyTo + SECTOR - 1) / SECTOR * SECTOR;
                file.write(table.entries.duplicate().clear().limit(to).position(from), table.hostOffset + from);
                table.dirtyFrom = Integer.MAX_VALUE;
                table.dirtyTo = 0;
            }
        }
        for (Map.Entry<Integer, Long> entry : newL1Entries.entrySet()) {
            ByteBuffer raw =
                    ByteBuffer.allocate(Long.BYTES).putLong(entry.getValue()).flip();
            file.write(raw, l1Offset + (long) entry.getKey() * Long.BYTES);
        }
        newL1Entries.clear();
        dirtyTables = 0;
        trim();
    }

    private int l1Index(long guestCluster) {
        return Math.toIntExact(guestCluster / entriesPerTable);
    }

    private int position(long guestCluster) {
        return (int) (guestCluster % entriesPerTable) * entryBytes;
    }

    private Table table(int index) throws IOException {
        Table table = tables.get(index);
        if (table == null) {
            long hostOffset = L1Entry.l2Offset(l1[index]);
            ByteBuffer entries = ByteBuffer.allocateDirect(clusterBytes);
            file.read(entries, hostOffset);
            table = new Table(entries.clear(), hostOffset, false);
            trim();
            tables.put(index, table);
        }
        return table;
    }

    private Table writable(int index, Clusters clusters) throws IOException {
        if (L1Entry.isCopied(l1[index])) {
            return table(index);
        }
        ByteBuffer entries = ByteBuffer.allocateDirect(clusterBytes);
        if (l1[index] != 0) {
            Table shared = table(index);
            entries.put(shared.entries.duplicate().clear()).clear();
            clusters.release(shared.hostOffset);
        }
        long hostOffset = clusters.take();
        Table own = new Table(entries, hostOffset, true);
        l1[index] = L1Entry.encode(hostOffset, true);
        newL1Entries.put(index, l1[index]);
        tables.put(index, own);
        dirtyTables++;
        return own;
    }

    private void trim() {
        if ((long) tables.size() * clusterBytes > KEPT_BYTES) {
            tables.values().removeIf(table -> !table.dirty());
        }
    }
}
