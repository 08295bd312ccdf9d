package io.planish.image;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.qcow2.BitmapEntry;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.Malformed;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * The bits of a persistent bitmap as they stand in its image, told at another granularity if wanted: then a bit is set where any byte it
 * stands for was. Memory for a cluster and its table's part; not thread-safe.
 */
public final class StoredBitmap implements BitmapBits {
    private final ImageFile file;
    private final BitmapEntry bitmap;
    private final Geometry geometry;
    private final long fileSizeBytes;
    private final int granularityBits;
    private final ByteBuffer data;

    private StoredBitmap(
            ImageFile file, BitmapEntry bitmap, Geometry geometry, long fileSizeBytes, int granularityBits) {
        this.file = file;
        this.bitmap = bitmap;
        this.geometry = geometry;
        this.fileSizeBytes = fileSizeBytes;
        this.granularityBits = granularityBits;
        this.data = ByteBuffer.allocate(geometry.clusterBytes());
    }

    /**
     * @param bitmap of the image's directory, which was checked to be inside the file
     * @param granularityBits what a bit of the windows to come stands for, log2 of bytes
     * @throws ImageException {@code MALFORMED_IMAGE} if its table does not fit the disk's size
     */
    public static StoredBitmap open(ImageFile file, Header header, BitmapEntry bitmap, int granularityBits)
            throws IOException {
        long expected =
                bitmap.tableEntries(header.virtualSizeBytes(), header.geometry().clusterBytes());
        if (bitmap.tableEntries() != expected) {
            throw new ImageException(
                    ErrorKind.MALFORMED_IMAGE,
                    file.path().toString(),
                    "the table of bitmap '" + bitmap.name() + "' has " + bitmap.tableEntries() + " entries, expected "
                            + expected,
                    "remove it with 'qemu-img bitmap --remove'");
        }
        return new StoredBitmap(file, bitmap, header.geometry(), file.sizeBytes(), granularityBits);
    }

    @Override
    public void addTo(BitmapWindow window) throws IOException {
        long firstBit = ownBit(window.firstBit());
        long endBit = ownEnd(window.endBit());
        long bitsPerCluster = geometry.clusterBytes() * 8L;
        long first = firstBit / bitsPerCluster;
        long end = Math.min(bitmap.tableEntries(), Math.ceilDiv(endBit, bitsPerCluster));
        if (first >= end) {
            return;
        }
        ByteBuffer table = ByteBuffer.allocate(Math.toIntExact((end - first) * Long.BYTES));
        long tableAt = bitmap.tableOffset() + first * Long.BYTES;
        file.read(table, tableAt);
        table.flip();
        for (long cluster = first; cluster < end; cluster++) {
            long bit = cluster * bitsPerCluster;
            long entryAt = tableAt + table.position();
            long entry = table.getLong();
            if (BitmapEntry.hasReservedBits(entry)) {
                throw Malformed.at(entryAt, "bitmap table entry", Malformed.hex(entry), "reserved bits to be 0")
                        .at(file.path().toString());
            }
            if (BitmapEntry.dataOffset(entry) != 0) {
                long from = Math.max(bit, firstBit / 8 * 8);
                long to = Math.min(bit + bitsPerCluster, Math.ceilDiv(endBit, 8) * 8);
                readData(bit, from, to, entry, entryAt);
                addData(window, from);
            } else if (entry == BitmapEntry.ALL_ONES) {
                set(window, bit, bit + bitsPerCluster);
            }
        }
    }

    /** Reads the bits {@code from .. to}, multiples of 8, of the cluster whose first bit is {@code clusterBit}. */
    private void readData(long clusterBit, long from, long to, long entry, long entryAt) throws IOException {
        long offset = BitmapEntry.dataOffset(entry);
        if (!geometry.isAligned(offset) || offset >= fileSizeBytes) {
            throw Malformed.at(entryAt, "bitmap data offset", Malformed.hex(offset), "a cluster inside the file")
                    .at(file.path().toString());
        }
        data.clear().limit((int) ((to - from) / 8));
        file.read(data, offset + (from - clusterBit) / 8);
        data.flip();
    }

    private void addData(BitmapWindow window, long firstBit) {
        if (granularityBits == bitmap.granularityBits()) {
            window.or(data, firstBit);
            return;
        }
        BitSet bits = BitSet.valueOf(data);
        for (int from = bits.nextSetBit(0); from >= 0; ) {
            int to = bits.nextClearBit(from);
            set(window, firstBit + from, firstBit + to);
            from = bits.nextSetBit(to);
        }
    }

    private void set(BitmapWindow window, long ownFrom, long ownTo) {
        int finer = bitmap.granularityBits() - granularityBits;
        if (finer >= 0) {
            window.set(ownFrom << finer, ownTo << finer);
        } else {
            window.set(ownFrom >> -finer, Math.ceilDiv(ownTo, 1L << -finer));
        }
    }

    /** The first of its bits that the window's bit {@code bit} has bytes in common with. */
    private long ownBit(long bit) {
        int finer = bitmap.granularityBits() - granularityBits;
        return finer >= 0 ? bit >> finer : bit << -finer;
    }

    private long ownEnd(long endBit) {
        int finer = bitmap.granularityBits() - granularityBits;
        return finer >= 0 ? Math.ceilDiv(endBit, 1L << finer) : endBit << -finer;
    }
}
