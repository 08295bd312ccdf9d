package io.planish.image;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.qcow2.Header;
import io.planish.qcow2.Refcounts;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The reference counts of one image that is being written: who is free, and what was taken or given back since the last
 * flush.
 *
 * <p>Taking a cluster raises its count in memory at once; {@link #writeBlocks} brings counts to the file and {@link #writeTable}
 * the table entries of new blocks, in this order and with a sync between them. Counts are lowered only by {@link #lower}, when
 * the caller knows that nothing durable refers to the cluster any more. Not thread-safe.
 */
final class RefcountMap implements StreamPacker.Clusters {
    private static final int KEPT_BYTES = 16 << 20;

    private final ImageFile file;
    private final int clusterBytes;
    private final int refcountBits;
    private final long entriesPerBlock;
    private final Map<Integer, Block> blocks = new LinkedHashMap<>(16, 0.75f, true);
    private final TreeMap<Integer, Long> newTableEntries = new TreeMap<>();
    private long tableOffset;
    private long[] table;
    private long hint;

    private static final class Block {
        final ByteBuffer counts;
        boolean dirty;

        Block(ByteBuffer counts) {
            this.counts = counts;
        }
    }

    /** A run of clusters: host offset of the first byte, and how many clusters. */
    record Extent(long hostOffset, int clusters) {}

    RefcountMap(ImageFile file, int clusterBytes, int refcountBits, long tableOffset, int tableClusters)
            throws IOException {
        this.file = file;
        this.clusterBytes = clusterBytes;
        this.refcountBits = refcountBits;
        this.entriesPerBlock = clusterBytes * 8L / refcountBits;
        this.tableOffset = tableOffset;
        ByteBuffer raw = ByteBuffer.allocate(tableClusters * clusterBytes);
        file.read(raw, tableOffset);
        this.table = new long[raw.capacity() / Long.BYTES];
        raw.flip().asLongBuffer().get(table);
    }

    long get(long cluster) throws IOException {
        int index = blockIndex(cluster);
        return index >= table.length || table[index] == 0
                ? 0
                : Refcounts.get(block(index).counts, (int) (cluster % entriesPerBlock), refcountBits);
    }

    /** Takes up to {@code wanted} free clusters that lie side by side, at least one; their count is 1. */
    Extent take(int wanted) throws IOException {
        long start = -1;
        int found = 0;
        for (long cluster = hint; found < wanted; cluster++) {
            int index = blockIndex(cluster);
            if (index >= table.length) {
                if (found > 0) {
                    break;
                }
                growTable();
            }
            if (table[index] == 0) {
                if (found > 0) {
                    break;
                }
                addBlock(index, cluster);
            } else if (get(cluster) == 0) {
                start = found++ == 0 ? cluster : start;
            } else if (found > 0) {
                break;
            }
        }
        for (int i = 0; i < found; i++) {
            set(start + i, 1);
        }
        hint = start + found;
        return new Extent(Math.multiplyExact(start, (long) clusterBytes), found);
    }

    @Override
    public long take() throws IOException {
        return take(1).hostOffset() / clusterBytes;
    }

    /** A cluster that no block counts yet is left to {@link #take(int)}. */
    @Override
    public boolean take(long cluster) throws IOException {
        int index = blockIndex(cluster);
        if (index >= table.length || table[index] == 0 || get(cluster) != 0) {
            return false;
        }
        set(cluster, 1);
        return true;
    }

    @Override
    public boolean isFull(long cluster) throws IOException {
        return get(cluster) == Refcounts.max(refcountBits);
    }

    @Override
    public void raise(long cluster) throws IOException {
        set(cluster, get(cluster) + 1);
    }

    /** Takes exactly {@code wanted} clusters side by side, past the end of the file; their count is 1. */
    Extent takeContiguous(int wanted) throws IOException {
        long start = Math.ceilDiv(file.sizeBytes(), (long) clusterBytes);
        for (boolean moved = true; moved; ) {
            moved = false;
            for (long cluster = start; cluster < start + wanted; cluster++) {
                // a new block may have found its home among the clusters looked at before
                moved |= provideBlock(blockIndex(cluster));
                if (get(cluster) != 0) {
                    start = cluster + 1;
                }
            }
        }
        for (long cluster = start; cluster < start + wanted; cluster++) {
            set(cluster, 1);
        }
        return new Extent(Math.multiplyExact(start, clusterBytes), wanted);
    }

    /** Lowers a count by one; true if nobody refers to the cluster any more, so that it may be taken again once durable. */
    boolean lower(long cluster) throws IOException {
        if (cluster == 0) {
            throw new IllegalStateException("the header's cluster is never given back");
        }
        long count = get(cluster);
        if (count == 0) {
            throw new ImageException(
                    ErrorKind.MALFORMED_IMAGE,
                    file.path().toString(),
                    "cluster at 0x%x is in use but has refcount 0".formatted(cluster * clusterBytes),
                    "run 'qemu-img check' on it");
        }
        set(cluster, count - 1);
        if (count == 1) {
            hint = Math.min(hint, cluster);
        }
        return count == 1;
    }

    /** Writes every changed block; what was raised is durable after the caller's sync. */
    void writeBlocks() throws IOException {
        for (Map.Entry<Integer, Block> entry : blocks.entrySet()) {
            if (entry.getValue().dirty) {
                file.write(entry.getValue().counts.duplicate().clear(), table[entry.getKey()]);
                entry.getValue().dirty = false;
            }
        }
        trim();
    }

    boolean hasNewBlocks() {
        return !newTableEntries.isEmpty();
    }

    /** Makes the new blocks, which must be durable, reachable. */
    void writeTable() throws IOException {
        for (Map.Entry<Integer, Long> entry : newTableEntries.entrySet()) {
            ByteBuffer raw =
                    ByteBuffer.allocate(Long.BYTES).putLong(entry.getValue()).flip();
            file.write(raw, tableOffset + (long) entry.getKey() * Long.BYTES);
        }
        newTableEntries.clear();
    }

    private int blockIndex(long cluster) {
        return Math.toIntExact(cluster / entriesPerBlock);
    }

    private Block block(int index) throws IOException {
        Block block = blocks.get(index);
        if (block == null) {
            ByteBuffer counts = ByteBuffer.allocateDirect(clusterBytes);
            file.read(counts, table[index]);
            block = new Block(counts.clear());
            trim();
            blocks.put(index, block);
        }
        return block;
    }

    private void trim() {
        if ((long) blocks.size() * clusterBytes > KEPT_BYTES) {
            List<Integer> clean = new ArrayList<>();
            blocks.forEach((index, block) -> {
                if (!block.dirty) {
                    clean.add(index);
                }
            });
            clean.stream().limit(clean.size() / 2).forEach(blocks::remove);
        }
    }

    private void set(long cluster, long count) throws IOException {
        Block block = block(blockIndex(cluster));
        Refcounts.set(block.counts, (int) (cluster % entriesPerBlock), refcountBits, count);
        block.dirty = true;
    }

    /** Makes sure that the block exists, at home among clusters that are counted already; whether it did not. */
    private boolean provideBlock(int index) throws IOException {
        boolean missing = false;
        while (index >= table.length) {
            growTable();
            missing = true;
        }
        if (table[index] == 0) {
            long home = take(1).hostOffset();
            if (table[index] == 0) {
                blocks.put(index, new Block(ByteBuffer.allocateDirect(clusterBytes)));
                table[index] = home;
                newTableEntries.put(index, home);
                block(index).dirty = true;
            } else {
                set(home / clusterBytes, 0);
            }
            missing = true;
        }
        return missing;
    }

    /** A block that was missing; it is put at {@code cluster}, the first one it counts and that is asked for. */
    private void addBlock(int index, long cluster) throws IOException {
        Block block = new Block(ByteBuffer.allocateDirect(clusterBytes));
        blocks.put(index, block);
        table[index] = Math.multiplyExact(cluster, clusterBytes);
        newTableEntries.put(index, table[index]);
        set(cluster, 1);
    }

    /**
     * Moves the table to a larger place just past all that it counts today, together with the blocks that count the place itself:
     * blocks and table durable, then the header's pointer, durable, then the old table is given back.
     */
    private void growTable() throws IOException {
        writeBlocks();
        file.sync();
        if (hasNewBlocks()) {
            writeTable();
            file.sync();
        }
        long first = table.length * entriesPerBlock;
        long entriesPerCluster = clusterBytes / Long.BYTES;
        long mostClusters = Header.MAX_REFCOUNT_TABLE_BYTES / clusterBytes;
        int clusters = Math.toIntExact(
                Math.min(mostClusters, (table.length * 3L / 2 + entriesPerCluster) / entriesPerCluster));
        int newBlocks = 1;
        while (newBlocks * entriesPerBlock < newBlocks + clusters
                || table.length + newBlocks > clusters * entriesPerCluster) {
            newBlocks++;
            clusters += table.length + newBlocks > clusters * entriesPerCluster ? 1 : 0;
        }
        if ((long) clusters * clusterBytes > Header.MAX_REFCOUNT_TABLE_BYTES) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED_FEATURE,
                    file.path().toString(),
                    "its refcount table would need " + (long) clusters * clusterBytes + " bytes, and may have "
                            + Header.MAX_REFCOUNT_TABLE_BYTES,
                    "the file is too long for clusters of " + clusterBytes + " bytes: convert it to larger ones");
        }
        long[] larger = Arrays.copyOf(table, Math.toIntExact(clusters * entriesPerCluster));
        long[] old = table;
        long oldOffset = tableOffset;
        for (int i = 0; i < newBlocks; i++) {
            larger[old.length + i] = Math.multiplyExact(first + i, clusterBytes);
            blocks.put(old.length + i, new Block(ByteBuffer.allocateDirect(clusterBytes)));
        }
        table = larger;
        for (long cluster = first; cluster < first + newBlocks + clusters; cluster++) {
            set(cluster, 1);
        }
        writeBlocks();
        ByteBuffer raw = ByteBuffer.allocate(larger.length * Long.BYTES);
        raw.asLongBuffer().put(larger);
        tableOffset = Math.multiplyExact(first + newBlocks, clusterBytes);
        file.write(raw, tableOffset);
        file.sync();
        int tableClusters = clusters;
        HeaderFile.edit(file, edit -> edit.refcountTable(tableOffset, tableClusters));
        for (long at = 0; at < (long) old.length * Long.BYTES; at += clusterBytes) {
            lower((oldOffset + at) / clusterBytes);
        }
    }
}
