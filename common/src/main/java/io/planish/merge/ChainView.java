package io.planish.merge;

import java.io.IOException;

/** The layers of one chain, base first, asked who answers for a guest range. */
public interface ChainView {
    /**
     * Who answers for the range that starts at {@code offset}, looking from layer {@code top} down to layer {@code bottom}, both
     * included; {@code bottom > top} asks nobody.
     *
     * @return a piece that starts at {@code offset} and is 1 to {@code maxLengthBytes} long
     */
    Piece resolve(int top, int bottom, long offset, long maxLengthBytes) throws IOException;

    /** The virtual size of a layer in bytes. */
    long virtualSizeBytes(int layer);

    /**
     * Whether a compressed piece is a whole cluster that means the same in another layer: clusters have the same size there and are
     * compressed the same way.
     */
    boolean isCompressedCluster(Piece piece, int layer);
}
