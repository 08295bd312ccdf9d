package io.planish.qcow2;

import java.nio.ByteBuffer;

/**
 * The entries of a refcount block (QEMU's {@code docs/interop/qcow2.rst}, «Host cluster management»).
 *
 * <p>A block is one cluster of refcounts, each 1, 2, 4, 8, 16, 32 or 64 bits wide, always 16 in version 2. Wider than a byte: big
 * endian. Narrower: entry {@code i} starts at bit {@code i * width} counted from the least significant bit of the first
 * byte. 0: the cluster is free; 1: used; 2 and more: used, and a write must copy it first.
 *
 * <p>Values are handled as unsigned {@code long}s. The buffer's position and limit are not used nor changed.
 */
public final class Refcounts {
    private Refcounts() {}

    /** The largest refcount of this width; for 64 bits the largest that QEMU accepts. */
    public static long max(int widthBits) {
        return widthBits == 64 ? Long.MAX_VALUE : (1L << widthBits) - 1;
    }

    public static long get(ByteBuffer block, int index, int widthBits) {
        return switch (widthBits) {
            case 64 -> block.getLong(index * 8);
            case 32 -> Integer.toUnsignedLong(block.getInt(index * 4));
            case 16 -> Short.toUnsignedLong(block.getShort(index * 2));
            case 8 -> Byte.toUnsignedLong(block.get(index));
            default -> {
                int perByte = 8 / widthBits;
                int shift = index % perByte * widthBits;
                yield (block.get(index / perByte) >>> shift) & max(widthBits);
            }
        };
    }

    public static void set(ByteBuffer block, int index, int widthBits, long value) {
        if (value < 0 || value > max(widthBits)) {
            throw new IllegalArgumentException("refcount " + value + " does not fit " + widthBits + " bits");
        }
        switch (widthBits) {
            case 64 -> block.putLong(index * 8, value);
            case 32 -> block.putInt(index * 4, (int) value);
            case 16 -> block.putShort(index * 2, (short) value);
            case 8 -> block.put(index, (byte) value);
            default -> {
                int perByte = 8 / widthBits;
                int shift = index % perByte * widthBits;
                int cleared = block.get(index / perByte) & ~((int) max(widthBits) << shift);
                block.put(index / perByte, (byte) (cleared | ((int) value << shift)));
            }
        }
    }
}
