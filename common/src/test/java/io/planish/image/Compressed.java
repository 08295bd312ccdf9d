package io.planish.image;

import io.planish.ImageException;

/** Streams that are no cluster's, for tests elsewhere. */
public final class Compressed {
    private static final int CLUSTER_BYTES = 4096;

    private Compressed() {}

    /** Fails as reading a damaged cluster fails. */
    public static void inflate(int compressionType, byte[] stream) throws ImageException {
        try (Decompressor decompressor = Decompressor.of(compressionType)) {
            int length = decompressor.decompress(stream, stream.length, new byte[CLUSTER_BYTES]);
            if (length < 0 || length > stream.length) {
                throw new AssertionError(length + " of " + stream.length + " bytes");
            }
        }
    }
}
