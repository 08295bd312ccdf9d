package io.planish.image;

import io.planish.ImageException;
import io.planish.qcow2.BitmapEntry;
import io.planish.qcow2.BitmapsExtension;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.Malformed;
import io.planish.qcow2.SnapshotEntry;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Reads the lists of internal snapshots and of persistent bitmaps, entry by entry, never beyond the file's end. */
public final class Directories {
    private static final int BITMAP_ENTRY_MAX_BYTES = 128 << 10;
    /** The padding of the last entry need not be in the file. */
    private static final int MAX_PADDING_BYTES = 7;

    private Directories() {}

    /** Internal snapshots in the table's order, and how long the table is. */
    public record Snapshots(List<SnapshotEntry> entries, long tableBytes) {}

    /** @throws ImageException {@code MALFORMED_IMAGE} if the table contradicts the format or leaves the file */
    public static Snapshots snapshots(ImageFile file, Header header) throws IOException {
        long fileSize = file.sizeBytes();
        List<SnapshotEntry> entries = new ArrayList<>();
        long at = header.snapshotTableOffset();
        for (int i = 0; i < header.snapshotCount(); i++) {
            ByteBuffer head = read(file, at, SnapshotEntry.HEAD_BYTES, fileSize, "snapshot table");
            int length = SnapshotEntry.lengthBytes(head);
            if (length < 0) {
                throw Malformed.at(at, "snapshot's extra data", "too long", "at most 1024 bytes");
            }
            SnapshotEntry entry = SnapshotEntry.decode(read(file, at, length, fileSize, "snapshot table"));
            if (entry.l1Entries() < 0 || entry.l1Entries() > Header.MAX_L1_ENTRIES) {
                throw Malformed.at(
                        at + 8, "snapshot's L1 entry count", "" + entry.l1Entries(), "0 to " + Header.MAX_L1_ENTRIES);
            }
            requireTable("snapshot's L1 table", entry.l1Offset(), entry.l1Entries(), at, header.geometry(), fileSize);
            entries.add(entry);
            at += length;
        }
        return new Snapshots(List.copyOf(entries), at - header.snapshotTableOffset());
    }

    /**
     * Persistent bitmaps in the directory's order; none while the header does not vouch for them.
     *
     * @throws ImageException {@code MALFORMED_IMAGE} if the directory contradicts the format or leaves the file
     */
    public static List<BitmapEntry> bitmaps(ImageFile file, Header header) throws IOException {
        List<BitmapEntry> entries = new ArrayList<>();
        if (header.bitmaps().isEmpty()) {
            return entries;
        }
        BitmapsExtension directory = header.bitmaps().get();
        long fileSize = file.sizeBytes();
        long at = directory.directoryOffset();
        long end = at + directory.directoryBytes();
        for (int i = 0; i < directory.count(); i++) {
            ByteBuffer head = read(file, at, BitmapEntry.HEAD_BYTES, fileSize, "bitmap directory");
            long length = BitmapEntry.lengthBytes(head);
            if (length > Math.min(end - at, BITMAP_ENTRY_MAX_BYTES)) {
                throw Malformed.at(at, "bitmap directory entry", length + " bytes long", "inside its directory");
            }
            BitmapEntry entry = BitmapEntry.decode(read(file, at, (int) length, fileSize, "bitmap directory"));
            if (entry.tableEntries() < 0) {
                throw Malformed.at(at + 8, "bitmap table's entry count", "negative", "less than 2^31");
            }
            requireTable("bitmap table", entry.tableOffset(), entry.tableEntries(), at, header.geometry(), fileSize);
            entries.add(entry);
            at += length;
        }
        return entries;
    }

    private static void requireTable(
            String what, long offset, int entries, long entryOffset, Geometry geometry, long fileSize)
            throws ImageException {
        if (entries == 0) {
            return;
        }
        if (offset <= 0 || !geometry.isAligned(offset)) {
            throw Malformed.at(
                    entryOffset, what + "'s offset", Malformed.hex(offset), "a multiple of the cluster size");
        }
        if (offset >= fileSize || (long) entries * Long.BYTES > geometry.roundUp(fileSize) - offset) {
            throw Malformed.at(
                    entryOffset,
                    what,
                    entries + " entries at " + Malformed.hex(offset),
                    "inside the file of " + Malformed.hex(fileSize) + " bytes");
        }
    }

    private static ByteBuffer read(ImageFile file, long at, int length, long fileSize, String what) throws IOException {
        if (length > fileSize + MAX_PADDING_BYTES - at) {
            throw Malformed.file(what + " reaches beyond the file's end at " + Malformed.hex(at));
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        file.read(bytes, at);
        return bytes.flip();
    }
}
