package io.planish.engine;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.image.ImageChain;
import io.planish.image.Layer;
import io.planish.image.Mapping;
import io.planish.image.MappingKind;
import io.planish.image.Qcow2Image;
import io.planish.merge.Piece;
import io.planish.qcow2.CompressedDescriptor;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Compares what a batch wrote with where it came from, by a path of its own: the target's tables are read again from the file, its data
 * from the disk. A clone is not read: it is right if it stands in the same blocks of the disk as its source.
 */
final class BatchVerifier {
    private static final int CHUNK_BYTES = 1 << 20;

    private final ImageChain chain;
    private final ByteBuffer expected = ByteBuffer.allocateDirect(CHUNK_BYTES);
    private final ByteBuffer found = ByteBuffer.allocateDirect(CHUNK_BYTES);

    /** @param chain opened for this verifier alone */
    BatchVerifier(ImageChain chain) {
        this.chain = chain;
    }

    /**
     * @param target the target as opened anew after the batch was flushed
     * @throws ImageException of kind {@code IO} if a guest byte differs from its source
     */
    void verify(Layer target, List<MergeBatch.Written> written) throws IOException {
        for (MergeBatch.Written one : written) {
            if (one.compressed()) {
                compareStreams((Qcow2Image) target, one.piece());
            } else if (!one.cloned() || !isClone(target, one.piece())) {
                compare(target, one.piece());
            }
        }
    }

    private boolean isClone(Layer target, Piece piece) throws IOException {
        ImageFile source = chain.layer(piece.layer()).file();
        for (long at = 0; at < piece.lengthBytes(); ) {
            Mapping mapping = target.map(piece.guestOffset() + at, piece.lengthBytes() - at);
            if (mapping.kind() != MappingKind.DATA
                    || !target.file()
                            .sharesBlocks(
                                    mapping.hostOffset(), source, piece.hostOffset() + at, mapping.lengthBytes())) {
                return false;
            }
            at += mapping.lengthBytes();
        }
        return true;
    }

    private void compare(Layer target, Piece piece) throws IOException {
        for (Piece rest = piece; ; ) {
            Piece part = rest.first(CHUNK_BYTES);
            compareChunk(target, part);
            if (part.lengthBytes() == rest.lengthBytes()) {
                break;
            }
            rest = rest.after(part.lengthBytes());
        }
    }

    /**
     * The stream's length is taken from what stands in the target, so that one cut off when it was copied is found; the same bytes give
     * the same cluster, which need not be inflated on both sides.
     */
    private void compareStreams(Qcow2Image target, Piece piece) throws IOException {
        Mapping mapping = target.map(piece.guestOffset(), piece.lengthBytes());
        if (mapping.kind() != MappingKind.COMPRESSED || mapping.lengthBytes() != piece.lengthBytes()) {
            throw mismatch(target.file(), piece.guestOffset(), "the tables say " + mapping.kind());
        }
        dropCache(target, mapping);
        ByteBuffer stream = target.stream(mapping.hostOffset());
        Qcow2Image source = (Qcow2Image) chain.layer(piece.layer());
        int length = stream.remaining();
        ByteBuffer original = ByteBuffer.allocate(length);
        source.file().read(original, source.descriptor(piece.hostOffset()).hostOffset());
        if (length > source.descriptor(piece.hostOffset()).maxLengthBytes() || !stream.equals(original.flip())) {
            throw mismatch(target.file(), piece.guestOffset(), "the compressed data differs");
        }
    }

    private static void dropCache(Qcow2Image target, Mapping mapping) throws IOException {
        CompressedDescriptor stream = target.descriptor(mapping.hostOffset());
        target.file().dropCache(stream.hostOffset(), stream.maxLengthBytes());
    }

    private void compareChunk(Layer target, Piece part) throws IOException {
        int length = (int) part.lengthBytes();
        chain.read(part, expected.clear().limit(length));
        found.clear();
        for (int at = 0; at < length; ) {
            long offset = part.guestOffset() + at;
            Mapping mapping = target.map(offset, length - at);
            found.limit(at + (int) mapping.lengthBytes());
            switch (mapping.kind()) {
                case DATA -> {
                    target.file().dropCache(mapping.hostOffset(), mapping.lengthBytes());
                    target.read(mapping, offset, found);
                }
                case ZERO -> zeroes(found); // a hole of a raw file, copied as such
                case UNALLOCATED, COMPRESSED ->
                    throw mismatch(target.file(), offset, "the tables say " + mapping.kind());
            }
            at += (int) mapping.lengthBytes();
        }
        int differs = expected.flip().mismatch(found.flip());
        if (differs >= 0) {
            throw mismatch(target.file(), part.guestOffset() + differs, "the data differs");
        }
    }

    private static void zeroes(ByteBuffer into) {
        while (into.hasRemaining()) {
            into.put((byte) 0);
        }
    }

    private static ImageException mismatch(ImageFile file, long guestOffset, String what) {
        return new ImageException(
                ErrorKind.IO,
                file.path().toString(),
                "verification failed at guest offset 0x%x: %s from what was copied there".formatted(guestOffset, what),
                "no link was changed; check the disk and the kernel's log, then run the job again");
    }
}
