package io.planish.scan;

import io.planish.qcow2.Backing;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * Tells which file an image in the QED format depends on, by QEMU's {@code docs/interop/qed_spec.txt}. With QCOW2 it is the one format whose
 * overlays may stand on a QCOW2 image.
 */
final class Qed {
    private static final int MAGIC = 0x00444551;
    private static final int FEATURES_AT = 16;
    private static final int NAME_OFFSET_AT = 56;
    private static final int NAME_LENGTH_AT = 60;
    private static final int HAS_BACKING_FILE = 1;

    private Qed() {}

    /** @param prefix the file's first bytes; empty if it is no QED image, or has no backing file */
    static Optional<Backing> backing(ImageFile file, ByteBuffer prefix) throws IOException {
        ByteBuffer header = prefix.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        if (header.getInt(0) != MAGIC || (header.getLong(FEATURES_AT) & HAS_BACKING_FILE) == 0) {
            return Optional.empty();
        }
        return HeadReader.backing(
                file, Integer.toUnsignedLong(header.getInt(NAME_OFFSET_AT)), header.getInt(NAME_LENGTH_AT));
    }
}
