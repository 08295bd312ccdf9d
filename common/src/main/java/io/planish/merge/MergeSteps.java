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
 *
 * <p>Where the target's disk stays longer than the top's, what follows the top's end in the same cluster stays the target's. Where it
 * becomes shorter, or takes the top's place, nothing stays in its last cluster behind the disk's end, where copies on write leave what layers
 * below held: a guest whose disk grows would see it.
 */
public final class MergeSteps implements Steps {
    private final ChainView chain;
    private final Group group;
    private final long topEnd;
    private final long endOffset;
    private final boolean cutsTail;

    /**
     * @param finalSizeBytes the size of the target's disk afterwards, at least that of the group's top
     * @param takesPlace whether the target takes the place of the group's top
     */
    public MergeSteps(ChainView chain, Group group, long finalSizeBytes, boolean takesPlace) {
        this.chain = chain;
        this.group = group;
        this.topEnd = chain.virtualSizeBytes(group.hi());
        this.endOffset = Math.min(
                finalSizeBytes, Math.ceilDiv(topEnd, (long) group.granularityBytes()) * group.granularityBytes());
        long targetEnd = chain.virtualSizeBytes(group.target());
        this.cutsTail = targetEnd > finalSizeBytes || takesPlace && targetEnd == finalSizeBytes;
    }

    /** Where the last cluster ends in which the group's top has a say, or the disk in it. */
    @Override
    public long endOffset() {
        return endOffset;
    }

    @Override
    public Step at(long offset, long maxLengthBytes) throws IOException {
        long cluster = group.granularityBytes();
        Piece owner = chain.resolve(group.hi(), group.lo(), offset, topEnd - offset);
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

    /** How many bytes of {@code piece} are whole target clusters; the disk's last, partial one counts as whole unless others have a say in it. */
    private long wholeClusters(Piece piece) {
        long clusters = piece.lengthBytes() / group.granularityBytes() * group.granularityBytes();
        return piece.endOffset() == endOffset && !cutsTail ? piece.lengthBytes() : clusters;
    }

    private boolean ownsInTables(Piece piece) {
        return piece.layer() == group.target() && piece.source() != Source.PAST_END;
    }

    /** One cluster with several owners. */
    private Step mixedCluster(long offset, long end) throws IOException {
        long topped = Math.min(end, topEnd);
        boolean settled = end % group.granularityBytes() == 0 || !cutsTail || !ownsData(offset);
        for (long at = offset; at < topped; ) {
            Piece owner = chain.resolve(group.hi(), group.lo(), at, topped - at);
            settled &= owner.source() == Source.NOTHING || ownsInTables(owner);
            at = owner.endOffset();
        }
        if (settled) {
            return new Step.Skip(offset, end - offset);
        }
        List<Piece> pieces = view(group.hi(), offset, topped);
        pieces.addAll(view(group.target(), topped, end));
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

    private boolean ownsData(long offset) throws IOException {
        long end = Math.min(offset + group.granularityBytes(), chain.virtualSizeBytes(group.target()));
        for (long at = offset; at < end; ) {
            Piece own = chain.resolve(group.target(), group.target(), at, end - at);
            if (own.source() == Source.DATA || own.source() == Source.COMPRESSED) {
                return true;
            }
            at = own.endOffset();
        }
        return false;
    }

    /** The pieces of a range, in guest order, as layer {@code top} shows them. */
    private List<Piece> view(int top, long offset, long end) throws IOException {
        List<Piece> pieces = new ArrayList<>();
        for (long at = offset; at < end; ) {
            Piece piece = chain.resolve(top, 0, at, end - at);
            pieces.add(piece);
            at = piece.endOffset();
        }
        return pieces;
    }
}
