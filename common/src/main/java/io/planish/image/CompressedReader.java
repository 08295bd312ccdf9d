package io.planish.image;

import io.planish.ImageException;
import io.planish.qcow2.CompressedDescriptor;
import io.planish.qcow2.Header;
import io.planish.qcow2.Malformed;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads compressed clusters and keeps the last one, since a cluster is mostly read in pieces. Not thread-safe. */
final class CompressedReader implements AutoCloseable {
    private static final long NONE = 0;

    private final ImageFile file;
    private final int clusterBits;
    private final Decompressor decompressor;
    private long entry = NONE;
    private byte[] cluster = new byte[0];
    private byte[] stream = new byte[0];

    CompressedReader(ImageFile file, Header header) {
        this.file = file;
        this.clusterBits = header.geometry().clusterBits();
        this.decompressor = Decompressor.of(header.compressionType());
    }

    /** Reads from one cluster, given its L2 entry; {@code into} takes no more than the cluster still has. */
    void read(long wanted, int offsetInCluster, ByteBuffer into) throws IOException {
        if (wanted != entry) {
            load(wanted);
        }
        into.put(cluster, offsetInCluster, into.remaining());
    }

    /** The stream of a cluster, given its L2 entry, without what shares its last sector; valid until the next call. */
    ByteBuffer stream(long wanted) throws IOException {
        CompressedDescriptor descriptor = fetch(wanted);
        try {
            return ByteBuffer.wrap(stream, 0, decompressor.streamBytes(stream, descriptor.maxLengthBytes(), cluster));
        } catch (ImageException e) {
            throw at(descriptor, e);
        }
    }

    void forget() {
        entry = NONE;
    }

    private void load(long wanted) throws IOException {
        CompressedDescriptor descriptor = fetch(wanted);
        try {
            decompressor.decompress(stream, descriptor.maxLengthBytes(), cluster);
        } catch (ImageException e) {
            throw at(descriptor, e);
        }
        entry = wanted;
    }

    /** Reads the sectors of a cluster's stream; the cluster kept so far is given up. */
    private CompressedDescriptor fetch(long wanted) throws IOException {
        CompressedDescriptor descriptor = CompressedDescriptor.decode(wanted, clusterBits);
        int length = descriptor.maxLengthBytes();
        if (cluster.length == 0) {
            cluster = new byte[1 << clusterBits];
        }
        if (stream.length < length) {
            stream = new byte[length];
        }
        entry = NONE;
        file.readData(ByteBuffer.wrap(stream, 0, length), descriptor.hostOffset());
        return descriptor;
    }

    private static ImageException at(CompressedDescriptor descriptor, ImageException e) {
        return new ImageException(
                e.kind(), e.what() + " at offset " + Malformed.hex(descriptor.hostOffset()), e.advice());
    }

    @Override
    public void close() {
        decompressor.close();
    }
}
