package io.planish.merge;

import io.planish.merge.Piece.Source;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides, cluster by cluster of the target, what a merge has to do so that the target alone says what the guest sees at the
 * top of the group.
 *
 * <p>A cluster of which any part belongs to a layer of the group other than the target is written once and whole, with the
 * guest's view at the top of the group through the whole old chain. A layer that is shorter than the top counts as owning zeroes
 * past its end, since that is what it makes the guest read. Zeroes are not written where the target without an
 * entry would read as zeroes too.
 */
public final class MergeSteps implements Steps {
    private final ChainView chain;
    private final Group group;
    private final long endOffset;

    public MergeSteps(ChainView chain, Group group) {
        this.chain = chain;
        this.group = group;
        this.endOffset = chain.virtualSizeBytes(group.hi());
    }

    /** The virtual size of the group's top. */
    @Override
    public long endOffset() {
        return endOffset;
    }

    @Override
    public Step at(long offset, long maxLengthBytes) throws IOException {
        long cluster = group.granularityBytes();
        Piece owner = chain.resolve(group.hi(), group.lo(), offset, endOffset - offset);
        long whole = wholeClusters(owner);
        if (whole == 0) {
            return mixedCluster(offset, Math.min(endOffset, offset + cluster));
        }
        if (owner.source() == Source.NOTHING || ownsInTables(owner)) {
            return new Step.Skip(offset, whole);
        }
        Piece piece = owner.first(Math.min(whole, maxLengthBytes / cluster * cluster));
        return switch (piece.source()) {
            case NOTHING, ZERO, PAST_END -> zero(piece);
            case DATA, COMPRESSED -> copy(List.of(piece));
        };
    }

    /** How many bytes of {@code piece} are whole target clusters; the disk's last, partial one counts as whole. */
    private long wholeClusters(Piece piece) {
        return piece.endOffset() == endOffset
                ? piece.lengthBytes()
                : piece.lengthBytes() / group.granularityBytes() * group.granularityBytes();
    }

    private boolean ownsInTables(Piece piece) {
        return piece.layer() == group.target() && piece.source() != Source.PAST_END;
    }

    /** One cluster with several owners. */
    private Step mixedCluster(long offset, long end) throws IOException {
        boolean settled = true;
        for (long at = offset; at < end; ) {
            Piece owner = chain.resolve(group.hi(), group.lo(), at, end - at);
            settled &= owner.source() == Source.NOTHING || ownsInTables(owner);
            at = owner.endOffset();
        }
        if (settled) {
            return new Step.Skip(offset, end - offset);
        }
        List<Piece> pieces = view(group.hi(), 0, offset, end);
        if (pieces.stream().allMatch(Piece::readsZero)) {
            return zero(new Piece(offset, end - offset, Source.ZERO, Piece.NOBODY, -1));
        }
        return copy(pieces);
    }

    private Step copy(List<Piece> pieces) {
        return Step.copy(chain, group.target(), pieces);
    }

    /**
     * Zeroes for whole clusters: nothing at all where a target without an entry reads zero anyway, the zero flag where the
     * format has it, else written zeroes.
     */
    private Step zero(Piece piece) throws IOException {
        Piece own = chain.resolve(group.target(), group.target(), piece.guestOffset(), piece.lengthBytes());
        boolean unallocated = own.source() == Source.NOTHING || own.source() == Source.PAST_END;
        Piece below = chain.resolve(group.lo() - 1, 0, piece.guestOffset(), piece.lengthBytes());
        long same = Math.min(whole(own, piece), whole(below, piece));
        if (same == 0) {
            same = Math.min(piece.lengthBytes(), group.granularityBytes());
            unallocated = false;
        }
        Piece part = piece.first(same);
        if (unallocated && below.readsZero()) {
            return new Step.Skip(part.guestOffset(), part.lengthBytes());
        }
        return group.hasZeroClusters()
                ? new Step.Zero(part.guestOffset(), part.lengthBytes())
                : new Step.Write(part.guestOffset(), part.lengthBytes(), List.of(part));
    }

    /** How many bytes of {@code within}, in whole clusters, {@code answer} covers. */
    private long whole(Piece answer, Piece within) {
        return answer.lengthBytes() >= within.lengthBytes()
                ? within.lengthBytes()
                : answer.lengthBytes() / group.granularityBytes() * group.granularityBytes();
    }

    /** The pieces of a range, in guest order, as seen from {@code top} down to {@code bottom}. */
    private List<Piece> view(int top, int bottom, long offset, long end) throws IOException {
        List<Piece> pieces = new ArrayList<>();
        for (long at = offset; at < end; ) {
            Piece piece = chain.resolve(top, bottom, at, end - at);
            pieces.add(piece);
            at = piece.endOffset();
        }
        return pieces;
    }
}
