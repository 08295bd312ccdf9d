package io.planish.image;

import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.Refcounts;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Gives an image a new, empty L1 table and refcounts for nothing but these tables, so that all it owned is gone at once and its backing
 * file answers for the whole disk.
 *
 * <ol>
 *   <li>The tables are written behind the file's end, where nothing refers to them; durable.
 *   <li>One write of the header's first sector switches to them and clears the dirty bit; durable. The image is empty.
 *   <li>The same once more, right behind the header, where everything is free now.
 *   <li>The file is cut behind them; durable.
 * </ol>
 *
 * <p>A crash leaves the image full or empty, sound and without a leak. The caller holds the image's lock.
 */
final class FreshTables {
    private final ImageFile file;
    private final Header header;
    private final Geometry geometry;
    private final long perBlock;

    private FreshTables(ImageFile file, Header header) {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.perBlock = geometry.refcountsPerBlock();
    }

    /** Whether the tables are all there is beside data: snapshots and bitmaps would be lost. */
    static boolean suit(Header header) {
        return header.snapshotCount() == 0 && header.bitmaps().isEmpty();
    }

    /** Empties an image that they {@link #suit}; durable on return. */
    static void install(ImageFile file) throws IOException {
        Header header = HeaderFile.read(file);
        if (!suit(header)) {
            throw new IllegalArgumentException(file.path() + " holds snapshots or bitmaps");
        }
        new FreshTables(file, header).install();
    }

    private void install() throws IOException {
        Layout low = new Layout(1);
        Layout aside = new Layout(Math.max(low.end, geometry.clusters(file.sizeBytes())));
        write(aside);
        write(low);
        file.truncate(low.end << geometry.clusterBits());
        file.sync();
    }

    private void write(Layout layout) throws IOException {
        long start = layout.table << geometry.clusterBits();
        long end = layout.end << geometry.clusterBits();
        file.truncate(Math.max(file.sizeBytes(), end));
        file.punch(start, end - start);
        putBlock(layout, 0);
        for (long index = layout.table / perBlock; index <= (layout.end - 1) / perBlock; index++) {
            putBlock(layout, index);
        }
        count(layout, 0);
        for (long cluster = layout.table; cluster < layout.end; cluster++) {
            count(layout, cluster);
        }
        file.sync();
        HeaderFile.edit(
                file,
                edit -> edit.l1Table(layout.l1 << geometry.clusterBits(), header.l1Entries())
                        .refcountTable(start, layout.tableClusters)
                        .dirty(false));
    }

    private void count(Layout layout, long cluster) throws IOException {
        int perWord = Long.SIZE / geometry.refcountBits();
        int inBlock = (int) (cluster % perBlock);
        long at =
                (layout.block(cluster / perBlock) << geometry.clusterBits()) + (long) (inBlock / perWord) * Long.BYTES;
        ByteBuffer word = ByteBuffer.allocate(Long.BYTES);
        file.read(word, at);
        Refcounts.set(word, inBlock % perWord, geometry.refcountBits(), 1);
        file.write(word.clear(), at);
    }

    private void putBlock(Layout layout, long index) throws IOException {
        long place = layout.block(index) << geometry.clusterBits();
        file.write(
                ByteBuffer.allocate(Long.BYTES).putLong(place).flip(),
                (layout.table << geometry.clusterBits()) + index * Long.BYTES);
    }

    /** Refcount table, the blocks that count the header and all this, L1 table, one behind the other; in clusters. */
    private final class Layout {
        final long table;
        final int tableClusters;
        final long l1;
        final long end;

        Layout(long first) {
            long l1Clusters = geometry.clusters((long) header.l1Entries() * Long.BYTES);
            long last = first;
            long tableSize;
            for (long needed = first; ; last = needed) {
                tableSize = geometry.clusters((last / perBlock + 1) * Long.BYTES);
                long blocks = last / perBlock - first / perBlock + 1 + (first / perBlock > 0 ? 1 : 0);
                needed = first + tableSize + blocks + l1Clusters - 1;
                if (needed == last) {
                    break;
                }
            }
            this.table = first;
            this.tableClusters = Math.toIntExact(tableSize);
            this.l1 = last + 1 - l1Clusters;
            this.end = last + 1;
        }

        /** The place of the block with this index in the table: that of the header, which comes first, or of these tables. */
        long block(long index) {
            long own = table / perBlock;
            return table + tableClusters + (own == 0 ? index : index == 0 ? 0 : index - own + 1);
        }
    }
}
