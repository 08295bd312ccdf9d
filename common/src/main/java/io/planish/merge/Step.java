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

    /**
     * The clusters are written whole; the pieces, in guest order and without gaps, say where their bytes come from.
     */
    record Write(long guestOffset, long lengthBytes, List<Piece> pieces) implements Step {
        public Write {
            pieces = List.copyOf(pieces);
        }
    }
}
