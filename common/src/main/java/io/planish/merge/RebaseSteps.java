package io.planish.merge;

import io.planish.merge.Piece.Source;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides what an overlay must own before its backing file may become any other image: each cluster it does not own and for
 * which the old and the new chain below it differ.
 *
 * <p>Ranges that both chains take from the same place are skipped without being read; what both read as zero is too. Where both have
 * bytes of their own they are compared, and written only where they differ.
 */
public final class RebaseSteps implements Steps {
    private final ChainView oldChain;
    private final int overlay;
    private final ChainView newChain;
    private final int newTop;
    private final int granularityBytes;
    private final boolean hasZeroClusters;
    private final Comparison comparison;

    /** Looks at bytes, which this class does not. */
    public interface Comparison {
        /** Whether two pieces of equal range stand at the same place of the same file. */
        boolean samePlace(Piece old, Piece fresh);

        /** Whether the guest would read the same bytes of the range below the overlay through either chain. */
        boolean sameBytes(long offset, long lengthBytes) throws IOException;
    }

    /**
     * @param overlay the index of the overlay in {@code oldChain}; what it owns stays as it is
     * @param newTop the index of the new backing file in {@code newChain}; -1: the overlay is to stand alone
     */
    public RebaseSteps(
            ChainView oldChain,
            int overlay,
            ChainView newChain,
            int newTop,
            int granularityBytes,
            boolean hasZeroClusters,
            Comparison comparison) {
        this.oldChain = oldChain;
        this.overlay = overlay;
        this.newChain = newChain;
        this.newTop = newTop;
        this.granularityBytes = granularityBytes;
        this.hasZeroClusters = hasZeroClusters;
        this.comparison = comparison;
    }

    @Override
    public long endOffset() {
        return oldChain.virtualSizeBytes(overlay);
    }

    @Override
    public Step at(long offset, long maxLengthBytes) throws IOException {
        long limit = endOffset();
        Piece own = oldChain.resolve(overlay, overlay, offset, limit - offset);
        if (own.source() != Source.NOTHING) {
            return new Step.Skip(offset, whole(own, limit));
        }
        Piece old = oldChain.resolve(overlay - 1, 0, offset, own.lengthBytes());
        Piece fresh = newChain.resolve(newTop, 0, offset, own.lengthBytes());
        long same = Math.min(whole(old, limit), whole(fresh, limit));
        if (same == 0) {
            return cluster(offset, Math.min(limit, offset + granularityBytes));
        }
        old = old.first(same);
        fresh = fresh.first(same);
        boolean equal = old.readsZero() && fresh.readsZero() || comparison.samePlace(old, fresh);
        if (equal) {
            return new Step.Skip(offset, same);
        }
        if (!old.readsZero() && fresh.readsZero()) {
            return Step.copy(
                    oldChain, overlay, List.of(old.first(maxLengthBytes / granularityBytes * granularityBytes)));
        }
        return cluster(offset, Math.min(limit, offset + granularityBytes));
    }

    private Step cluster(long offset, long end) throws IOException {
        if (comparison.sameBytes(offset, end - offset)) {
            return new Step.Skip(offset, end - offset);
        }
        List<Piece> pieces = new ArrayList<>();
        for (long at = offset; at < end; ) {
            Piece piece = oldChain.resolve(overlay - 1, 0, at, end - at);
            pieces.add(piece);
            at = piece.endOffset();
        }
        return hasZeroClusters && pieces.stream().allMatch(Piece::readsZero)
                ? new Step.Zero(offset, end - offset)
                : Step.copy(oldChain, overlay, pieces);
    }

    /** How many bytes of a piece are whole clusters; what ends with the range counts as whole. */
    private long whole(Piece piece, long limit) {
        return piece.endOffset() == limit
                ? piece.lengthBytes()
                : piece.lengthBytes() / granularityBytes * granularityBytes;
    }
}
