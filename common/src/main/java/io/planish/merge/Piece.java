package io.planish.merge;

/**
 * A guest range and the one source its bytes come from, as seen from some layer of a chain downwards.
 *
 * @param guestOffset first byte, in the guest's disk
 * @param lengthBytes at least 1
 * @param source what answers for the range
 * @param layer index in the chain (0 is the lowest) of the layer that answers; {@link #NOBODY} for {@link Source#NOTHING}
 * @param hostOffset for {@link Source#DATA} where the first byte stands in that layer's file, for {@link Source#ZERO} the place that is
 *     kept for it, if there is one; for {@link Source#COMPRESSED} the raw L2 entry; else -1
 */
public record Piece(long guestOffset, long lengthBytes, Source source, int layer, long hostOffset) {
    public static final int NOBODY = -1;

    /** Where bytes come from. */
    public enum Source {
        /** No layer asked owns the range. */
        NOTHING,
        /** A layer says zero. */
        ZERO,
        /** A layer ends before the range, which hides what lies deeper: the guest reads zeroes. */
        PAST_END,
        /** Bytes in the layer's file. */
        DATA,
        /** One compressed cluster of the layer, or a part of it. */
        COMPRESSED
    }

    public long endOffset() {
        return guestOffset + lengthBytes;
    }

    /** Whether the guest reads zeroes here without any byte being read. */
    public boolean readsZero() {
        return source == Source.NOTHING || source == Source.ZERO || source == Source.PAST_END;
    }

    /** The first {@code bytes} of this piece. */
    public Piece first(long bytes) {
        return bytes >= lengthBytes ? this : new Piece(guestOffset, bytes, source, layer, hostOffset);
    }

    /** What remains without the first {@code bytes}. */
    public Piece after(long bytes) {
        boolean placed = source != Source.COMPRESSED && hostOffset >= 0;
        long host = placed ? hostOffset + bytes : hostOffset;
        return new Piece(guestOffset + bytes, lengthBytes - bytes, source, layer, host);
    }
}
