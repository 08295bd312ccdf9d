package io.planish.qcow2;

import java.nio.ByteBuffer;

/** Bytes to write at an offset of the file and to make durable before the next such write. */
public record HeaderWrite(long offset, ByteBuffer bytes) {
    public HeaderWrite {
        bytes = bytes.slice().asReadOnlyBuffer();
    }

    /** The bytes, with their own position. */
    @Override
    public ByteBuffer bytes() {
        return bytes.duplicate();
    }
}
