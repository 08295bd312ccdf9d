package io.planish.engine;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.engine.MergeBatch.Written;
import io.planish.image.ImageChain;
import io.planish.image.Mapping;
import io.planish.image.MappingKind;
import io.planish.image.Qcow2Image;
import io.planish.image.TargetWriter;
import io.planish.merge.Piece;
import io.planish.qcow2.CompressedDescriptor;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Compares what a batch wrote with where it came from: the bytes at their new place, read from the disk, with those at their source; then the
 * target's tables, read again from the file, with the places. A clone is not read: it is right if it stands in the same blocks of the disk as its
 * source.
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
     * Needs no tables: what is wrong is found before a guest can see it.
     *
     * @param target with all data durable
     * @throws ImageException of kind {@code IO} if a byte differs from its source
     */
    void verifyData(ImageFile target, List<Written> written) throws IOException {
        for (int i = 0; i < written.size(); i++) {
            Written one = written.get(i);
            if (one.isCompressed()) {
                i = compareStreams(target, written, i);
            } else if (one.isZero()) {
                continue;
            } else if (!one.cloned() || !isClone(target, one)) {
                compare(target, one);
            }
        }
    }

    /**
     * Needs no entry to be visible yet: what a table would say wrongly is found before a guest can see it.
     *
     * @param writer with a batch that is prepared
     * @throws ImageException of kind {@code IO} if the tables would lead elsewhere than where the data was put
     */
    static void verifyPlan(ImageFile target, TargetWriter writer, List<Written> written) throws IOException {
        writer.requirePrepared();
        for (Written one : written) {
            Piece piece = one.piece();
            boolean right;
            if (one.isZero()) {
                right = writer.willShowZeroes(piece.guestOffset(), piece.lengthBytes());
            } else if (one.isCompressed()) {
                right = writer.willShowStream(piece.guestOffset(), one.streamBytes(), one.hostOffset());
            } else {
                right = writer.willShowData(piece.guestOffset(), piece.lengthBytes(), one.hostOffset());
            }
            if (!right) {
                throw mismatch(target, piece.guestOffset(), "the tables would lead elsewhere");
            }
        }
    }

    /**
     * @param target the target as opened anew after the batch was flushed
     * @throws ImageException of kind {@code IO} if the tables lead elsewhere than where the data was put
     */
    static void verifyTables(Qcow2Image target, List<Written> written) throws IOException {
        for (Written one : written) {
            Piece piece = one.piece();
            for (long at = 0; at < piece.lengthBytes(); ) {
                Mapping mapping = target.map(piece.guestOffset() + at, piece.lengthBytes() - at);
                if (!isAsPut(target, mapping, one, at)) {
                    throw mismatch(target.file(), mapping.guestOffset(), "the tables lead elsewhere");
                }
                at += mapping.lengthBytes();
            }
        }
    }

    private static boolean isAsPut(Qcow2Image target, Mapping mapping, Written one, long at) {
        if (one.isZero()) {
            return mapping.kind() == MappingKind.ZERO;
        }
        return one.isCompressed()
                ? mapping.kind() == MappingKind.COMPRESSED
                        && mapping.lengthBytes() == one.piece().lengthBytes()
                        && target.descriptor(mapping.hostOffset())
                                .equals(CompressedDescriptor.of(one.hostOffset(), one.streamBytes()))
                : mapping.kind() == MappingKind.DATA && mapping.hostOffset() == one.hostOffset() + at;
    }

    private boolean isClone(ImageFile target, Written one) throws IOException {
        Piece piece = one.piece();
        return target.sharesBlocks(one.hostOffset(), source(piece), piece.hostOffset(), piece.lengthBytes());
    }

    private void compare(ImageFile target, Written one) throws IOException {
        long hostOffset = one.hostOffset();
        for (Piece rest = one.piece(); ; ) {
            Piece part = rest.first(CHUNK_BYTES);
            int length = (int) part.lengthBytes();
            chain.read(part, expected.clear().limit(length));
            compare(target, hostOffset, length, part.guestOffset());
            if (length == rest.lengthBytes()) {
                break;
            }
            rest = rest.after(length);
            hostOffset += length;
        }
    }

    /**
     * The same bytes give the same cluster, which need not be inflated on both sides. Streams that follow each other are read together.
     *
     * @return the index of the last one that was compared
     */
    private int compareStreams(ImageFile target, List<Written> written, int first) throws IOException {
        Written one = written.get(first);
        long from = streamOffset(one);
        long to = from + one.streamBytes();
        int last = first;
        while (last + 1 < written.size()
                && to - from < CHUNK_BYTES - one.piece().lengthBytes()) {
            Written next = written.get(last + 1);
            boolean follows = next.isCompressed()
                    && next.piece().layer() == one.piece().layer()
                    && streamOffset(next) - from == next.hostOffset() - one.hostOffset()
                    && streamOffset(next) > from
                    && streamOffset(next) <= to;
            if (!follows) {
                break;
            }
            to = Math.max(to, streamOffset(next) + next.streamBytes());
            last++;
        }
        for (long at = from; at < to; at += CHUNK_BYTES) {
            int length = (int) Math.min(CHUNK_BYTES, to - at);
            source(one.piece()).readData(expected.clear().limit(length), at);
            compare(target, one.hostOffset() + (at - from), length, one.piece().guestOffset());
        }
        return last;
    }

    private long streamOffset(Written one) {
        return ((Qcow2Image) chain.layer(one.piece().layer()))
                .descriptor(one.piece().hostOffset())
                .hostOffset();
    }

    private void compare(ImageFile target, long hostOffset, int length, long guestOffset) throws IOException {
        target.dropCache(hostOffset, length);
        target.readData(found.clear().limit(length), hostOffset);
        int differs = expected.flip().mismatch(found.flip());
        if (differs >= 0) {
            throw mismatch(target, guestOffset + differs, "the data differs");
        }
    }

    private ImageFile source(Piece piece) {
        return chain.layer(piece.layer()).file();
    }

    private static ImageException mismatch(ImageFile file, long guestOffset, String what) {
        return new ImageException(
                ErrorKind.IO,
                file.path().toString(),
                "verification failed at guest offset 0x%x: %s from what was copied there".formatted(guestOffset, what),
                "no link was changed; check the disk and the kernel's log, then run the job again");
    }
}
