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

/** The bits of a persistent bitmap as they stand in its image. Memory for a cluster and its table's part; not thread-safe. */
public final class StoredBitmap implements BitmapBits {
    private final ImageFile file;
    private final BitmapEntry bitmap;
    private final Geometry geometry;
    private final long fileSizeBytes;
    private final ByteBuffer data;

    private StoredBitmap(ImageFile file, BitmapEntry bitmap, Geometry geometry, long fileSizeBytes) {
        this.file = file;
        this.bitmap = bitmap;
        this.geometry = geometry;
        this.fileSizeBytes = fileSizeBytes;
        this.data = ByteBuffer.allocate(geometry.clusterBytes());
    }

    /**
     * @param bitmap of the image's directory, which was checked to be inside the file
     * @throws ImageException {@code MALFORMED_IMAGE} if its table does not fit the disk's size
     */
    public static StoredBitmap open(ImageFile file, Header header, BitmapEntry bitmap) throws IOException {
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
        return new StoredBitmap(file, bitmap, header.geometry(), file.sizeBytes());
    }

    @Override
    public void addTo(BitmapWindow window) throws IOException {
        long bitsPerCluster = geometry.clusterBytes() * 8L;
        long first = window.firstBit() / bitsPerCluster;
        long end = Math.min(bitmap.tableEntries(), Math.ceilDiv(window.endBit(), bitsPerCluster));
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
                addData(window, bit, entry, entryAt);
            } else if (entry == BitmapEntry.ALL_ONES) {
                window.set(bit, bit + bitsPerCluster);
            }
        }
    }

    private void addData(BitmapWindow window, long clusterBit, long entry, long entryAt) throws IOException {
        long offset = BitmapEntry.dataOffset(entry);
        if (!geometry.isAligned(offset) || offset >= fileSizeBytes) {
            throw Malformed.at(entryAt, "bitmap data offset", Malformed.hex(offset), "a cluster inside the file")
                    .at(file.path().toString());
        }
        long from = Math.max(clusterBit, window.firstBit());
        long end = Math.min(clusterBit + geometry.clusterBytes() * 8L, window.endBit());
        data.clear().limit((int) ((end - from) / 8));
        file.read(data, offset + (from - clusterBit) / 8);
        window.or(data.flip(), from);
    }
}
