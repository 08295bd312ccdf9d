package io.planish.image;

import io.planish.qcow2.BitmapEntry;
import io.planish.qcow2.BitmapsExtension;
import io.planish.qcow2.Header;
import io.planish.qcow2.HeaderEdit;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Gives an image another set of persistent bitmaps, in an order in which a crash leaves either the old set or the new one:
 *
 * <ol>
 *   <li>refcounts, data, tables and directory of the new set, in clusters that were free;
 *   <li>one header write that switches to the new directory, with whatever else is to change at the same moment;
 *   <li>refcounts of the old set go down;
 *   <li>what it occupied goes back to the filesystem.
 * </ol>
 *
 * Each step is durable before the next. A crash may leak the clusters of one of the two sets. Memory is bounded by one cluster,
 * one table and the old set's list of clusters.
 */
public final class BitmapWriter {
    private final ImageFile file;
    private final Header header;
    private final int clusterBytes;
    private final RefcountMap refcounts;

    private BitmapWriter(ImageFile file, Header header) throws IOException {
        this.file = file;
        this.header = header;
        this.clusterBytes = header.geometry().clusterBytes();
        this.refcounts = new RefcountMap(
                file,
                clusterBytes,
                header.geometry().refcountBits(),
                header.refcountTableOffset(),
                header.refcountTableClusters());
    }

    /** A bitmap that is to be: the bits that any of {@code bits} sets. {@code form} says all but where it stands. */
    public record Wanted(BitmapEntry form, List<BitmapBits> bits) {
        public Wanted {
            bits = List.copyOf(bits);
        }
    }

    /**
     * Makes {@code wanted} the only bitmaps of an image of version 3, whose metadata is sound and which nobody else writes; durable on
     * return.
     *
     * @param wanted at least one
     * @param virtualSizeBytes the disk's size once {@code change} is made
     * @param change what else the header write changes
     */
    public static void replace(
            ImageFile file, List<Wanted> wanted, long virtualSizeBytes, UnaryOperator<HeaderEdit> change)
            throws IOException {
        Header header = HeaderFile.read(file);
        List<BitmapEntry> old = Directories.bitmaps(file, header);
        BitmapWriter writer = new BitmapWriter(file, header);
        List<BitmapEntry> written = new ArrayList<>();
        for (Wanted bitmap : wanted) {
            written.add(writer.write(bitmap, virtualSizeBytes));
        }
        BitmapsExtension directory = writer.directory(written);
        writer.makeDurable();
        HeaderFile.edit(file, edit -> change.apply(edit).bitmaps(directory));
        writer.giveBack(old);
    }

    private BitmapEntry write(Wanted bitmap, long virtualSizeBytes) throws IOException {
        BitmapEntry form = bitmap.form();
        int entries = Math.toIntExact(form.tableEntries(virtualSizeBytes, clusterBytes));
        ByteBuffer table = ByteBuffer.allocate(Math.multiplyExact(entries, Long.BYTES));
        BitmapWindow window = new BitmapWindow(clusterBytes);
        for (int i = 0; i < entries; i++) {
            window.start(i * clusterBytes * 8L);
            for (BitmapBits bits : bitmap.bits()) {
                bits.addTo(window);
            }
            window.cut(form.bits(virtualSizeBytes));
            if (window.isFull()) {
                table.putLong(BitmapEntry.ALL_ONES);
            } else if (window.isEmpty()) {
                table.putLong(0);
            } else {
                long place = refcounts.take(1).hostOffset();
                file.write(window.toBuffer(), place);
                table.putLong(place);
            }
        }
        return form.at(writeContiguous(table.flip()), entries);
    }

    private BitmapsExtension directory(List<BitmapEntry> entries) throws IOException {
        List<ByteBuffer> encoded = entries.stream().map(BitmapEntry::encode).toList();
        int length = encoded.stream().mapToInt(ByteBuffer::remaining).reduce(0, Math::addExact);
        ByteBuffer directory = ByteBuffer.allocate(length);
        encoded.forEach(directory::put);
        return new BitmapsExtension(entries.size(), writeContiguous(directory.flip()), length);
    }

    /** Writes whole clusters, so that the file does not end inside a structure. */
    private long writeContiguous(ByteBuffer bytes) throws IOException {
        int clusters = Math.ceilDiv(bytes.remaining(), clusterBytes);
        long place = refcounts.takeContiguous(clusters).hostOffset();
        ByteBuffer whole = ByteBuffer.allocate(Math.multiplyExact(clusters, clusterBytes));
        file.write(whole.put(bytes).clear(), place);
        return place;
    }

    private void makeDurable() throws IOException {
        refcounts.writeBlocks();
        file.sync();
        if (refcounts.hasNewBlocks()) {
            refcounts.writeTable();
            file.sync();
        }
    }

    private void giveBack(List<BitmapEntry> old) throws IOException {
        ReplacedClusters replaced = new ReplacedClusters(file, refcounts, clusterBytes);
        for (BitmapEntry bitmap : old) {
            ByteBuffer table = ByteBuffer.allocate(Math.multiplyExact(bitmap.tableEntries(), Long.BYTES));
            file.read(table, bitmap.tableOffset());
            for (table.flip(); table.hasRemaining(); ) {
                long data = BitmapEntry.dataOffset(table.getLong());
                if (data != 0) {
                    replaced.add(data, clusterBytes);
                }
            }
            replaced.add(bitmap.tableOffset(), table.capacity());
        }
        header.bitmaps().ifPresent(all -> replaced.add(all.directoryOffset(), all.directoryBytes()));
        replaced.giveBack();
    }
}
