package io.planish.merge;

import java.util.List;

/**
 * What the target's clusters in one guest range become. Ranges start on a cluster boundary of the target and end on one or at
 * the end of the disk.
 */
public sealed interface Step {
    long guestOffset();

    long lengthBytes();

    /** The target already says what the guest sees, or nobody in the group owns anything. */
    record Skip(long guestOffset, long lengthBytes) implements Step {}

    /** The clusters read as zeroes, by the zero flag. */
    record Zero(long guestOffset, long lengthBytes) implements Step {}

    /** One cluster becomes what it is in another layer, compressed; the piece is all of it. */
    record CopyCompressed(Piece piece) implements Step {
        @Override
        public long guestOffset() {
            return piece.guestOffset();
        }

        @Override
        public long lengthBytes() {
            return piece.lengthBytes();
        }
    }

    /**
     * The clusters are written whole; the pieces, in guest order and without gaps, say where their bytes come from.
     */
    record Write(long guestOffset, long lengthBytes, List<Piece> pieces) implements Step {
        public Write {
            pieces = List.copyOf(pieces);
        }
    }

    /**
     * Brings pieces, in guest order and without gaps, into the target: compressed if they are one whole cluster that means the same
     * there. The disk's last cluster is no whole one if the disk ends inside it, since its stream holds more than the guest may ever see.
     */
    static Step copy(ChainView chain, int target, List<Piece> pieces) {
        Piece first = pieces.getFirst();
        Piece last = pieces.getLast();
        return pieces.size() == 1
                        && first.source() == Piece.Source.COMPRESSED
                        && chain.isCompressedCluster(first, target)
                ? new CopyCompressed(first)
                : new Write(first.guestOffset(), last.endOffset() - first.guestOffset(), pieces);
    }
}
