package io.planish.load.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/**
 * Writes a bitmap down in its interchange format (the RoaringFormatSpec), run by run in ascending order, which is many times as fast as
 * adding ranges to a bitmap.
 */
final class RunWriter {
    /** How many numbers share the upper half of their bits. */
    static final int CONTAINER = 1 << 16;

    private static final int COOKIE = 12347;
    private static final int OFFSETS_FROM = 4;

    private record Container(int key, int cardinality, int offset) {}

    private final List<Container> containers = new ArrayList<>();
    private ByteBuffer body = ByteBuffer.allocate(1 << 14).order(ByteOrder.LITTLE_ENDIAN);
    private int key;
    private int start;
    private int cardinality;

    /** What follows counts from {@code newKey * CONTAINER} on. */
    void begin(int newKey) {
        key = newKey;
        start = body.position();
        cardinality = 0;
        require(2);
        body.putShort((short) 0);
    }

    void add(int at, int length) {
        require(4);
        body.putShort((short) at).putShort((short) (length - 1));
        cardinality += length;
    }

    void end() {
        if (cardinality == 0) {
            body.position(start);
            return;
        }
        body.putShort(start, (short) ((body.position() - start) / 4));
        containers.add(new Container(key, cardinality, start));
    }

    private void require(int bytes) {
        if (body.remaining() < bytes) {
            body = ByteBuffer.allocate(body.capacity() * 2)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put(body.flip());
        }
    }

    RoaringBitmap bitmap() {
        RoaringBitmap bitmap = new RoaringBitmap();
        int count = containers.size();
        if (count == 0) {
            return bitmap;
        }
        int flags = (count + 7) / 8;
        int header = 4 + flags + 4 * count + (count >= OFFSETS_FROM ? 4 * count : 0);
        ByteBuffer all = ByteBuffer.allocate(header + body.position()).order(ByteOrder.LITTLE_ENDIAN);
        all.putInt(COOKIE | (count - 1) << 16);
        for (int i = 0; i < flags; i++) {
            all.put((byte) 0xFF);
        }
        containers.forEach(c -> all.putShort((short) c.key()).putShort((short) (c.cardinality() - 1)));
        if (count >= OFFSETS_FROM) {
            containers.forEach(c -> all.putInt(header + c.offset()));
        }
        all.put(body.duplicate().flip()).flip();
        try {
            bitmap.deserialize(all);
            return bitmap;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
