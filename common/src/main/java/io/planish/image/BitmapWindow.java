package io.planish.image;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** A run of bits of a persistent bitmap, as many as one cluster holds, in the file's order. Not thread-safe. */
public final class BitmapWindow {
    private final byte[] bytes;
    private long firstBit;

    BitmapWindow(int clusterBytes) {
        this.bytes = new byte[clusterBytes];
    }

    /** Starts anew, with no bit set, at a bit that begins a cluster. */
    void start(long bit) {
        firstBit = bit;
        Arrays.fill(bytes, (byte) 0);
    }

    /** The number of its first bit. */
    public long firstBit() {
        return firstBit;
    }

    /** The number of the bit behind its last. */
    public long endBit() {
        return firstBit + bytes.length * 8L;
    }

    /** Sets those of the bits {@code from .. end} that it has. */
    public void set(long from, long end) {
        long bit = Math.max(from, firstBit) - firstBit;
        long stop = Math.min(end, endBit()) - firstBit;
        while (bit < stop) {
            if (bit % 8 == 0 && stop - bit >= 8) {
                int to = (int) (stop / 8);
                Arrays.fill(bytes, (int) (bit / 8), to, (byte) 0xff);
                bit = to * 8L;
            } else {
                bytes[(int) (bit / 8)] |= (byte) (1 << (bit % 8));
                bit++;
            }
        }
    }

    /** Sets those of its bits that are set in {@code stored}, whose first byte stands for the bits from {@code bit} on. */
    void or(ByteBuffer stored, long bit) {
        int at = (int) ((bit - firstBit) / 8);
        for (int i = 0; i < stored.remaining(); i++) {
            bytes[at + i] |= stored.get(stored.position() + i);
        }
    }

    /** Clears the bits from {@code end} on. */
    void cut(long end) {
        if (end >= endBit()) {
            return;
        }
        int at = (int) ((end - firstBit) / 8);
        bytes[at] &= (byte) ((1 << ((end - firstBit) % 8)) - 1);
        Arrays.fill(bytes, at + 1, bytes.length, (byte) 0);
    }

    boolean isEmpty() {
        return isFilledWith((byte) 0);
    }

    boolean isFull() {
        return isFilledWith((byte) 0xff);
    }

    ByteBuffer toBuffer() {
        return ByteBuffer.wrap(bytes);
    }

    private boolean isFilledWith(byte value) {
        for (byte b : bytes) {
            if (b != value) {
                return false;
            }
        }
        return true;
    }
}
