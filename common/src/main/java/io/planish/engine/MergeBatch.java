package io.planish.engine;

import io.planish.image.ImageChain;
import io.planish.image.Qcow2Image;
import io.planish.image.TargetWriter;
import io.planish.merge.Piece;
import io.planish.merge.Step;
import io.planish.storage.ImageFile;
import io.planish.storage.ImageFile.CopyMethod;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings steps into the target: takes clusters, copies data, says what the guest clusters map to. Nothing is visible or durable
 * before {@link TargetWriter#flush}.
 */
final class MergeBatch {
    private static final int BUFFER_BYTES = 1 << 20;
    private static final int MOST_PIECES = 1 << 16;

    private final ImageChain chain;
    private final ImageFile target;
    private final TargetWriter writer;
    private final int granularityBytes;
    private final boolean overwriteInPlace;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final Copies copies;
    private final StreamCopies streams;
    private final List<Written> written = new ArrayList<>();
    private long bytesWritten;

    /**
     * What came from another layer, and where a batch put it.
     *
     * @param hostOffset -1 where zeroes take no place
     * @param cloned whether both share the disk's blocks now
     * @param streamBytes how long the stream is with what shares its last sector, where a compressed cluster stayed one; else 0
     */
    record Written(Piece piece, long hostOffset, boolean cloned, int streamBytes) {
        boolean isZero() {
            return hostOffset < 0;
        }

        boolean isCompressed() {
            return streamBytes > 0;
        }
    }

    /** @param overwriteInPlace whether the layers above hide the target's own clusters: true for a commit only */
    MergeBatch(ImageChain chain, ImageFile target, TargetWriter writer, Copies copies, boolean overwriteInPlace) {
        this.chain = chain;
        this.target = target;
        this.writer = writer;
        this.copies = copies;
        this.streams = new StreamCopies(chain, writer, copies, written);
        this.granularityBytes = writer.granularityBytes();
        this.overwriteInPlace = overwriteInPlace;
    }

    void apply(Step step) throws IOException {
        switch (step) {
            case Step.Skip skip -> {}
            case Step.Zero zero -> zero(zero);
            case Step.CopyCompressed copy -> copyCompressed(copy.piece());
            case Step.Write write -> write(write);
        }
    }

    /** Counts what is on its way too, and what was cloned until {@link #takeWritten} finds that it was. */
    long bytesWritten() {
        return bytesWritten + streams.bytes();
    }

    /** Whether the batch takes as much memory as it may, be it few bytes that it copied: thousands of small streams fill little space. */
    boolean hasManyPieces() {
        return written.size() >= MOST_PIECES;
    }

    /** Returns when all is copied, and what that is; the next batch starts with nothing. */
    List<Written> takeWritten() throws IOException {
        streams.finish();
        for (Copies.Copy copy : copies.await()) {
            boolean cloned = copy.method() == CopyMethod.CLONED;
            bytesWritten -= cloned ? copy.piece().lengthBytes() : 0;
            if (!ofTarget(copy.piece())) {
                written.add(new Written(copy.piece(), copy.hostOffset(), cloned, 0));
            }
        }
        List<Written> result = List.copyOf(written);
        written.clear();
        return result;
    }

    private void copyCompressed(Piece piece) throws IOException {
        if (streams.suits(piece)) {
            streams.add(piece);
            return;
        }
        // without what shares its last sector it may be short enough
        ByteBuffer stream = ((Qcow2Image) chain.layer(piece.layer())).stream(piece.hostOffset());
        int length = stream.remaining();
        if (length >= piece.lengthBytes()) {
            write(new Step.Write(piece.guestOffset(), piece.lengthBytes(), List.of(piece)));
            return;
        }
        streams.settle();
        long place = writer.mapCompressed(piece.guestOffset(), length);
        target.writeData(stream, place);
        bytesWritten += length;
        written.add(new Written(piece, place, false, length));
    }

    private void zero(Step.Zero zero) throws IOException {
        writer.mapZero(zero.guestOffset(), zero.lengthBytes());
        Piece piece = new Piece(zero.guestOffset(), zero.lengthBytes(), Piece.Source.ZERO, Piece.NOBODY, -1);
        written.add(new Written(piece, -1, false, 0));
    }

    /** Finds a place for as much of the step as lies side by side, fills it, and goes on with the rest. */
    private void write(Step.Write step) throws IOException {
        List<Piece> pieces = step.pieces();
        boolean stays = pieces.stream().allMatch(piece -> piece.source() == Piece.Source.DATA && ofTarget(piece));
        long end = step.guestOffset() + step.lengthBytes();
        for (long at = step.guestOffset(); at < end; ) {
            TargetWriter.Place place = writer.place(at, end - at, overwriteInPlace);
            long length = place.lengthBytes();
            pieces = fill(pieces, at, at + length, place.hostOffset());
            zeroTail(length, place.hostOffset());
            writer.mapData(at, length, place.hostOffset());
            bytesWritten += stays ? 0 : Math.ceilDiv(length, (long) granularityBytes) * granularityBytes;
            at += length;
        }
    }

    /** Copies the pieces of {@code from .. to} to {@code place}; returns the pieces beyond. */
    private List<Piece> fill(List<Piece> pieces, long from, long to, long place) throws IOException {
        List<Piece> rest = new ArrayList<>();
        for (Piece piece : pieces) {
            long inside = Math.min(piece.endOffset(), to) - piece.guestOffset();
            if (inside > 0) {
                copy(piece.first(inside), place + piece.guestOffset() - from);
            }
            if (inside < piece.lengthBytes()) {
                rest.add(inside > 0 ? piece.after(inside) : piece);
            }
        }
        return rest;
    }

    private void copy(Piece piece, long hostOffset) throws IOException {
        if (piece.source() == Piece.Source.DATA && ofTarget(piece) && piece.hostOffset() == hostOffset) {
            return;
        }
        if (piece.source() == Piece.Source.DATA) {
            copies.add(piece, chain.layer(piece.layer()).file(), hostOffset);
        } else {
            for (Piece rest = piece; ; ) {
                Piece part = rest.first(BUFFER_BYTES);
                buffer.clear().limit((int) part.lengthBytes());
                chain.read(part, buffer);
                target.writeData(buffer.flip(), hostOffset + part.guestOffset() - piece.guestOffset());
                if (part.lengthBytes() == rest.lengthBytes()) {
                    break;
                }
                rest = rest.after(part.lengthBytes());
            }
            if (!ofTarget(piece)) {
                written.add(new Written(piece, hostOffset, false, 0));
            }
        }
    }

    /** What comes from the target itself is gone from its old place after the flush, and cannot be compared then. */
    private boolean ofTarget(Piece piece) {
        return piece.layer() != Piece.NOBODY && chain.layer(piece.layer()).file() == target;
    }

    /** The disk may end inside its last (sub)cluster; what follows in the file is zeroes, in case the disk grows. */
    private void zeroTail(long lengthBytes, long place) throws IOException {
        int tail = (int) (Math.ceilDiv(lengthBytes, (long) granularityBytes) * granularityBytes - lengthBytes);
        if (tail > 0) {
            buffer.clear();
            for (int at = 0; at < tail; at += BUFFER_BYTES) {
                int part = Math.min(tail - at, BUFFER_BYTES);
                buffer.clear().limit(part);
                while (buffer.hasRemaining()) {
                    buffer.put((byte) 0);
                }
                target.writeData(buffer.flip(), place + lengthBytes + at);
            }
        }
    }
}
