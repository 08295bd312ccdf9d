package io.planish.engine;

import io.planish.engine.MergeBatch.Written;
import io.planish.image.ImageChain;
import io.planish.image.Qcow2Image;
import io.planish.image.TargetWriter;
import io.planish.merge.Piece;
import io.planish.qcow2.CompressedDescriptor;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Brings compressed clusters into the target as the streams they are. Nothing is read to find out where a stream ends, which deflate tells only
 * when it is inflated: all sectors of a stream come along, and where the next one begins within them, it does so in the target too. So streams that
 * lie close together stay so, do not grow from merge to merge, and travel as one range.
 */
final class StreamCopies {
    private static final long RANGE_BYTES = 1 << 20;
    private static final int SMALLEST_CLUSTER_BYTES = 4096;

    private final ImageChain chain;
    private final TargetWriter writer;
    private final Copies copies;
    private final List<Written> written;
    /** What waits until it is known whether the next stream follows it. */
    private @Nullable Piece held;

    private @Nullable ImageFile source;
    private long from;
    private long to;
    private long place;
    private long bytes;

    /** @param written gets what is done */
    StreamCopies(ImageChain chain, TargetWriter writer, Copies copies, List<Written> written) {
        this.chain = chain;
        this.writer = writer;
        this.copies = copies;
        this.written = written;
    }

    /** Whether a stream may come with all of its sectors: one cluster has room for them, and is so large that a sector more matters little. */
    boolean suits(Piece piece) {
        return piece.lengthBytes() >= SMALLEST_CLUSTER_BYTES && stream(piece).maxLengthBytes() <= piece.lengthBytes();
    }

    /** The stream is to come over; done only when {@link #finish} was called and all copies have ended. */
    void add(Piece piece) throws IOException {
        settle(piece);
        held = piece;
    }

    /** Gives the last stream its place, so that others may be placed behind it. */
    void settle() throws IOException {
        settle(null);
    }

    void finish() throws IOException {
        settle(null);
        handOver();
    }

    /** How many bytes there were so far. */
    long bytes() {
        return bytes;
    }

    private void settle(@Nullable Piece next) throws IOException {
        Piece piece = held;
        if (piece == null) {
            return;
        }
        held = null;
        CompressedDescriptor stream = stream(piece);
        int length = stream.maxLengthBytes();
        int advance = length;
        if (next != null && next.layer() == piece.layer()) {
            long behind = stream(next).hostOffset() - stream.hostOffset();
            advance = behind > 0 && behind < length ? (int) behind : length;
        }
        long at = writer.mapCompressed(piece.guestOffset(), stream, advance);
        written.add(new Written(piece, at, false, length));
        bytes += advance;
        join(chain.layer(piece.layer()).file(), stream.hostOffset(), length, at);
    }

    private void join(ImageFile file, long sourceOffset, int length, long at) throws IOException {
        boolean follows = file == source
                && sourceOffset - from == at - place
                && sourceOffset <= to
                && sourceOffset > from
                && to - from < RANGE_BYTES;
        if (!follows) {
            handOver();
            source = file;
            from = sourceOffset;
            to = sourceOffset;
            place = at;
        }
        to = Math.max(to, sourceOffset + length);
    }

    private void handOver() throws IOException {
        if (source != null) {
            copies.addUntold(source, from, place, to - from);
            source = null;
        }
    }

    private CompressedDescriptor stream(Piece piece) {
        return ((Qcow2Image) chain.layer(piece.layer())).descriptor(piece.hostOffset());
    }
}
