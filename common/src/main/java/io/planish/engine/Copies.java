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
    private final List<Copy> share = new ArrayList<>();
    private long shareBytes;

    /** One range on its way. */
    static final class Copy {
        private final Piece piece;
        private final ImageFile source;
        private final long hostOffset;
        private CopyMethod method = CopyMethod.COPIED;

        private Copy(Piece piece, ImageFile source, long hostOffset) {
            this.piece = piece;
            this.source = source;
            this.hostOffset = hostOffset;
        }

        Piece piece() {
            return piece;
        }

        long hostOffset() {
            return hostOffset;
        }

        CopyMethod method() {
            return method;
        }
    }

    Copies(ImageFile target, Helpers helpers) {
        this.target = target;
        this.helpers = helpers;
    }

    /** The piece's bytes, which stand in {@code source}, are to come to {@code hostOffset}; done only after {@link #await}. */
    void add(Piece piece, ImageFile source, long hostOffset) throws IOException {
        Copy copy = new Copy(piece, source, hostOffset);
        all.add(copy);
        share.add(copy);
        shareBytes += piece.lengthBytes();
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
        List<Copy> copies = List.copyOf(share);
        share.clear();
        shareBytes = 0;
        helpers.run(() -> {
            for (Copy copy : copies) {
                copy.method = target.copyFrom(
                        copy.source, copy.piece.hostOffset(), copy.hostOffset, copy.piece.lengthBytes());
            }
        });
    }
}
