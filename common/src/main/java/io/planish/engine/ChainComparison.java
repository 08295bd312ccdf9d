package io.planish.engine;

import io.planish.image.ImageChain;
import io.planish.merge.Piece;
import io.planish.merge.RebaseSteps;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Compares what lies below an overlay in its old chain with what a new backing file would show. */
final class ChainComparison implements RebaseSteps.Comparison {
    private static final int CHUNK_BYTES = 1 << 20;

    private final ImageChain old;
    private final int oldTop;
    private final ImageChain fresh;
    private final ByteBuffer oldBytes = ByteBuffer.allocateDirect(CHUNK_BYTES);
    private final ByteBuffer freshBytes = ByteBuffer.allocateDirect(CHUNK_BYTES);

    /** @param oldTop the index of the overlay's backing file in {@code old}; -1: it has none */
    ChainComparison(ImageChain old, int oldTop, ImageChain fresh) {
        this.old = old;
        this.oldTop = oldTop;
        this.fresh = fresh;
    }

    @Override
    public boolean samePlace(Piece left, Piece right) {
        return left.source() == right.source()
                && (left.source() == Piece.Source.DATA || left.source() == Piece.Source.COMPRESSED)
                && left.hostOffset() == right.hostOffset()
                && old.layer(left.layer()).file() == fresh.layer(right.layer()).file();
    }

    @Override
    public boolean sameBytes(long offset, long lengthBytes) throws IOException {
        for (long at = offset; at < offset + lengthBytes; at += CHUNK_BYTES) {
            int length = (int) Math.min(CHUNK_BYTES, offset + lengthBytes - at);
            old.read(oldTop, at, oldBytes.clear().limit(length));
            fresh.read(fresh.size() - 1, at, freshBytes.clear().limit(length));
            if (oldBytes.flip().mismatch(freshBytes.flip()) >= 0) {
                return false;
            }
        }
        return true;
    }
}
