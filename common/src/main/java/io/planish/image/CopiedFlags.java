package io.planish.image;

import io.planish.ImageException;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.L1Entry;
import io.planish.qcow2.L2Entry;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Sets the COPIED flag below the active L1 table where, and only where, the refcount is exactly one. */
final class CopiedFlags implements MetadataWalk.Visitor {
    private final ImageFile file;
    private final Geometry geometry;
    private final RefcountReader refcounts;

    private CopiedFlags(ImageFile file, Geometry geometry, RefcountReader refcounts) {
        this.file = file;
        this.geometry = geometry;
        this.refcounts = refcounts;
    }

    /** Writes the entries that are wrong; each is eight bytes of one sector. Not durable on return. */
    static void correct(ImageFile file, Header header, RefcountReader refcounts) throws IOException {
        CopiedFlags flags = new CopiedFlags(file, header.geometry(), refcounts);
        new MetadataWalk(file, header, file.sizeBytes(), flags).active();
    }

    @Override
    public void reference(MetadataWalk.Use use, long offset, long lengthBytes) {}

    @Override
    public void l1Entry(long entryOffset, long entry) throws IOException {
        boolean copied = refcounts.get(geometry.clusterIndex(L1Entry.l2Offset(entry))) == 1;
        write(entryOffset, entry, copied ? entry | L1Entry.COPIED : entry & ~L1Entry.COPIED);
    }

    @Override
    public void l2Entry(long entryOffset, long entry, L2Entry.Kind kind) throws IOException {
        switch (kind) {
            case UNALLOCATED, ZERO_PLAIN, COMPRESSED -> {}
            case ZERO_ALLOCATED, STANDARD -> {
                boolean copied = refcounts.get(geometry.clusterIndex(L2Entry.hostOffset(entry))) == 1;
                write(entryOffset, entry, copied ? entry | L2Entry.COPIED : entry & ~L2Entry.COPIED);
            }
        }
    }

    private void write(long offset, long was, long wanted) throws IOException {
        if (was != wanted) {
            file.write(ByteBuffer.allocate(Long.BYTES).putLong(0, wanted), offset);
        }
    }

    @Override
    public void unsound(ImageException what) {}
}
