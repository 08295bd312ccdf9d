package io.planish.qcow2;

import java.nio.ByteBuffer;

/**
 * One header extension (QEMU's {@code docs/interop/qcow2.rst}, «Header extensions»).
 *
 * <pre>
 * byte  0 -  3  type; 0 ends the list
 *       4 -  7  length n of the data in bytes
 *       8 - 7+n data
 *         …     padding to a multiple of 8
 * </pre>
 *
 * Big endian. The list starts right behind the header and ends with type 0, at the backing file's name, or at the first
 * cluster's end. Each type appears at most once. Unknown types are kept byte for byte.
 */
public record Extension(int type, ByteBuffer data) {
    public static final int END = 0;
    public static final int BACKING_FORMAT = 0xe2792aca;
    public static final int FEATURE_NAMES = 0x6803f857;
    public static final int BITMAPS = 0x23852875;
    public static final int ENCRYPTION_HEADER = 0x0537be77;
    public static final int DATA_FILE = 0x44415441;

    static final int HEAD_BYTES = 8;

    public Extension {
        data = data.slice().asReadOnlyBuffer();
    }

    /** The data, with its own position. */
    @Override
    public ByteBuffer data() {
        return data.duplicate();
    }

    byte[] dataBytes() {
        byte[] bytes = new byte[data.remaining()];
        data().get(bytes);
        return bytes;
    }

    /** Head, data and padding. */
    int totalBytes() {
        return HEAD_BYTES + (data.remaining() + 7) / 8 * 8;
    }
}
