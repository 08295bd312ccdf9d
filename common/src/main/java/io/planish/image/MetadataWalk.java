package io.planish.image;

import io.planish.ImageException;
import io.planish.qcow2.BitmapEntry;
import io.planish.qcow2.CompressedDescriptor;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.L1Entry;
import io.planish.qcow2.L2Entry;
import io.planish.qcow2.Malformed;
import io.planish.qcow2.RefcountTableEntry;
import io.planish.qcow2.SnapshotEntry;
import io.planish.qcow2.Subclusters;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Follows every reference of an image to a host cluster: header, refcount table and blocks, the active L1 table and those of
 * snapshots with their L2 tables and data, the snapshot table, bitmaps. What is unsound is told and not followed.
 */
final class MetadataWalk {
    private static final int CHUNK_BYTES = 64 << 10;

    private final ImageFile file;
    private final Header header;
    private final Geometry geometry;
    private final long fileSizeBytes;
    private final Visitor visitor;
    private final ByteBuffer outer = ByteBuffer.allocate(CHUNK_BYTES);
    private final ByteBuffer inner = ByteBuffer.allocate(CHUNK_BYTES);

    MetadataWalk(ImageFile file, Header header, long fileSizeBytes, Visitor visitor) {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.fileSizeBytes = fileSizeBytes;
        this.visitor = visitor;
    }

    /** What a host cluster is used for. */
    enum Use {
        /** Belongs to one structure alone. */
        METADATA,
        /** May belong to several L1 tables. */
        L2_TABLE,
        /** Guest data or bits of a bitmap; may have several references. */
        DATA
    }

    /** Is told what the walk finds. */
    interface Visitor {
        /** The clusters that {@code offset .. offset + lengthBytes} touches have one reference more; inside the file. */
        void reference(Use use, long offset, long lengthBytes) throws IOException;

        /** An entry of the active L1 table that names an L2 table. */
        default void l1Entry(long entryOffset, long entry) throws IOException {}

        /** A sound entry, or the first half of an extended one, below the active L1 table; the guest clusters come in order. */
        default void l2Entry(long entryOffset, long entry, L2Entry.Kind kind) throws IOException {}

        void unsound(ImageException what);
    }

    void run() throws IOException {
        refcounts();
        allButRefcounts();
    }

    private void refcounts() throws IOException {
        visitor.reference(Use.METADATA, header.refcountTableOffset(), header.refcountTableBytes());
        table(outer, header.refcountTableOffset(), header.refcountTableBytes(), Long.BYTES, (at, entry, none) -> {
            long block = RefcountTableEntry.checkedBlockOffset(entry, at, geometry, fileSizeBytes);
            if (block != 0) {
                visitor.reference(Use.METADATA, block, geometry.clusterBytes());
            }
        });
    }

    /** All but the refcount structures. */
    void allButRefcounts() throws IOException {
        visitor.reference(Use.METADATA, 0, geometry.clusterBytes());
        l1Table(header.l1Offset(), header.l1Entries(), true);
        try {
            snapshots();
            bitmaps();
        } catch (ImageException e) {
            told(e);
        }
    }

    /** Only what the active L1 table reaches. */
    void active() throws IOException {
        l1Table(header.l1Offset(), header.l1Entries(), true);
    }

    private void snapshots() throws IOException {
        if (header.snapshotCount() == 0) {
            return;
        }
        Directories.Snapshots snapshots = Directories.snapshots(file, header);
        visitor.reference(Use.METADATA, header.snapshotTableOffset(), snapshots.tableBytes());
        for (SnapshotEntry snapshot : snapshots.entries()) {
            l1Table(snapshot.l1Offset(), snapshot.l1Entries(), false);
        }
    }

    private void bitmaps() throws IOException {
        if (header.bitmaps().isEmpty()) {
            return;
        }
        visitor.reference(
                Use.METADATA,
                header.bitmaps().get().directoryOffset(),
                header.bitmaps().get().directoryBytes());
        for (BitmapEntry bitmap : Directories.bitmaps(file, header)) {
            long bytes = (long) bitmap.tableEntries() * Long.BYTES;
            if (bytes == 0) {
                continue;
            }
            visitor.reference(Use.METADATA, bitmap.tableOffset(), bytes);
            table(outer, bitmap.tableOffset(), bytes, Long.BYTES, (at, entry, none) -> {
                long data = BitmapEntry.dataOffset(entry);
                if (!geometry.isAligned(data) || data >= fileSizeBytes) {
                    throw Malformed.at(at, "bitmap data offset", Malformed.hex(data), "a cluster inside the file");
                }
                if (data != 0) {
                    visitor.reference(Use.METADATA, data, geometry.clusterBytes());
                }
            });
        }
    }

    private void l1Table(long offset, int entries, boolean active) throws IOException {
        if (entries == 0) {
            return;
        }
        long bytes = (long) entries * Long.BYTES;
        visitor.reference(Use.METADATA, offset, bytes);
        table(outer, offset, bytes, Long.BYTES, (at, entry, none) -> {
            long l2 = L1Entry.checkedL2Offset(entry, at, geometry, fileSizeBytes);
            if (l2 != 0) {
                visitor.reference(Use.L2_TABLE, l2, geometry.clusterBytes());
                if (active) {
                    visitor.l1Entry(at, entry);
                }
                table(
                        inner,
                        l2,
                        geometry.clusterBytes(),
                        geometry.l2EntryBytes(),
                        (l2At, l2Entry, bitmap) -> l2Entry(l2At, l2Entry, bitmap, active));
            }
        });
    }

    private void l2Entry(long at, long entry, long bitmap, boolean active) throws IOException {
        if (entry == L2Entry.UNALLOCATED && bitmap == Subclusters.NONE) {
            return;
        }
        L2Entry.Kind kind = L2Entry.checked(entry, at, header.version(), geometry, fileSizeBytes);
        Subclusters.check(kind, bitmap, at);
        switch (kind) {
            case UNALLOCATED, ZERO_PLAIN -> {}
            case ZERO_ALLOCATED, STANDARD ->
                visitor.reference(Use.DATA, L2Entry.hostOffset(entry), geometry.clusterBytes());
            case COMPRESSED -> {
                CompressedDescriptor stream = CompressedDescriptor.decode(entry, geometry.clusterBits());
                visitor.reference(Use.DATA, stream.hostOffset(), stream.maxLengthBytes());
            }
        }
        if (active) {
            visitor.l2Entry(at, entry, kind);
        }
    }

    private interface EntryReader {
        /** @param second what follows in an entry of 16 bytes; else 0 */
        void entry(long at, long entry, long second) throws IOException;
    }

    /** Reads a table in chunks; an entry that is unsound is told, and the rest still read. */
    private void table(ByteBuffer chunk, long offset, long lengthBytes, int entryBytes, EntryReader reader)
            throws IOException {
        long end = offset + lengthBytes;
        for (long at = offset; at < end; at += CHUNK_BYTES) {
            int length = (int) Math.min(CHUNK_BYTES, end - at);
            file.read(chunk.clear().limit(length), at);
            for (int i = 0; i < length; i += entryBytes) {
                try {
                    reader.entry(
                            at + i, chunk.getLong(i), entryBytes == Long.BYTES ? 0 : chunk.getLong(i + Long.BYTES));
                } catch (ImageException e) {
                    told(e);
                }
            }
        }
    }

    /** What the format forbids is a finding; what the operating system reports ends the walk. */
    private void told(ImageException e) throws ImageException {
        switch (e.kind()) {
            case MALFORMED_IMAGE, UNSUPPORTED_FEATURE -> visitor.unsound(e);
            case IMAGE_IN_USE,
                    CHANGED_UNDERNEATH,
                    HALF_MERGED,
                    UNSAFE,
                    OUTSIDE_ROOTS,
                    MISSING,
                    NO_SPACE,
                    IO,
                    LEASE_LOST -> throw e;
        }
    }
}
