package io.planish.image;

import io.planish.qcow2.Header;
import io.planish.qcow2.L2Entry;
import io.planish.qcow2.Subclusters;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Brings along what a guest cluster holds when a part of it moves to another host cluster of the same image. */
final class SubclusterCopy {
    private final ImageFile file;
    private final Header header;
    private final int bytes;

    SubclusterCopy(ImageFile file, Header header) {
        this.file = file;
        this.header = header;
        this.bytes = header.geometry().granularityBytes();
    }

    /**
     * Copies the data of all subclusters outside of {@code from .. to} from where {@code entry} has it to the host cluster at
     * {@code hostOffset}, if that is another one.
     *
     * @return what these subclusters are there; nothing is said of {@code from .. to}
     */
    long bringRest(long entry, long bitmap, long hostOffset, int from, int to) throws IOException {
        if (L2Entry.isCompressed(entry)) {
            if (to - from == Subclusters.COUNT) {
                return Subclusters.NONE;
            }
            ByteBuffer cluster = inflated(entry);
            file.write(cluster.duplicate().limit(from * bytes), hostOffset);
            file.write(cluster.position(to * bytes), hostOffset + (long) to * bytes);
            return Subclusters.without(Subclusters.allocated(0, Subclusters.COUNT), from, to);
        }
        long rest = Subclusters.without(bitmap, from, to);
        long old = L2Entry.hostOffset(entry);
        if (old != hostOffset) {
            for (int i = 0; i < Subclusters.COUNT; ) {
                int alike = Subclusters.alike(rest, i);
                if (Subclusters.kind(entry, rest, i) == L2Entry.Kind.STANDARD) {
                    long at = (long) i * bytes;
                    file.copyFrom(file, old + at, hostOffset + at, (long) alike * bytes);
                }
                i += alike;
            }
        }
        return rest;
    }

    private ByteBuffer inflated(long entry) throws IOException {
        ByteBuffer cluster = ByteBuffer.allocate(header.geometry().clusterBytes());
        try (CompressedReader reader = new CompressedReader(file, header)) {
            reader.read(entry, 0, cluster);
        }
        return cluster.flip();
    }
}
