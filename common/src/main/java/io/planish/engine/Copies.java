package io.planish.engine;

import io.planish.merge.Piece;
import io.planish.storage.ImageFile;
import io.planish.storage.ImageFile.CopyMethod;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The copies of one batch into one target, a few at a time. While threads copy, the caller goes on deciding what comes next; it is held
 * back, by copying itself, when it gets too far ahead. Ranges of one batch must not overlap, neither as source nor as place.
 */
final class Copies {
    /** Small copies travel together: handing each over would cost more than copying it. */
    private static final long SHARE_BYTES = 1 << 20;

    private final ImageFile target;
    private final Helpers helpers;
    private final List<Copy> all = new ArrayList<>();
    private final List<Range> share = new ArrayList<>();
    private long shareBytes;

    /** One range on its way. */
    private static final class Range {
        private final ImageFile source;
        private final long sourceOffset;
        private final long hostOffset;
        private final long lengthBytes;
        private CopyMethod method = CopyMethod.COPIED;

        Range(ImageFile source, long sourceOffset, long hostOffset, long lengthBytes) {
            this.source = source;
            this.sourceOffset = sourceOffset;
            this.hostOffset = hostOffset;
            this.lengthBytes = lengthBytes;
        }
    }

    /** A piece on its way. */
    static final class Copy {
        private final Piece piece;
        private final Range range;

        private Copy(Piece piece, Range range) {
            this.piece = piece;
            this.range = range;
        }

        Piece piece() {
            return piece;
        }

        long hostOffset() {
            return range.hostOffset;
        }

        CopyMethod method() {
            return range.method;
        }
    }

    Copies(ImageFile target, Helpers helpers) {
        this.target = target;
        this.helpers = helpers;
    }

    /** The piece's bytes, which stand in {@code source}, are to come to {@code hostOffset}; done only after {@link #await}. */
    void add(Piece piece, ImageFile source, long hostOffset) throws IOException {
        Range range = new Range(source, piece.hostOffset(), hostOffset, piece.lengthBytes());
        all.add(new Copy(piece, range));
        share(range);
    }

    /** The same for bytes of which {@link #await} tells nothing; where they overlap others of the batch these must be the same. */
    void addUntold(ImageFile source, long sourceOffset, long hostOffset, long lengthBytes) throws IOException {
        share(new Range(source, sourceOffset, hostOffset, lengthBytes));
    }

    private void share(Range range) throws IOException {
        share.add(range);
        shareBytes += range.lengthBytes;
        if (shareBytes >= SHARE_BYTES) {
            handOver();
        }
    }

    /** All copies since the last call, done, in the order in which they were added. */
    List<Copy> await() throws IOException {
        handOver();
        helpers.await();
        List<Copy> done = List.copyOf(all);
        all.clear();
        return done;
    }

    private void handOver() throws IOException {
        List<Range> ranges = List.copyOf(share);
        share.clear();
        shareBytes = 0;
        helpers.run(() -> {
            for (Range range : ranges) {
                range.method = target.copyFrom(range.source, range.sourceOffset, range.hostOffset, range.lengthBytes);
            }
        });
    }
}
