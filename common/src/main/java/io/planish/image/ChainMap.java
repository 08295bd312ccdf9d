package io.planish.image;

import io.planish.merge.Piece;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Tells where each part of a chain's disk stands, as {@code qemu-img map} does. */
public final class ChainMap {
    private final ImageChain chain;
    private final int top;
    private final Map<Qcow2Image, Boolean> preallocated = new HashMap<>();

    private ChainMap(ImageChain chain) {
        this.chain = chain;
        this.top = chain.size() - 1;
    }

    /** Hands out the extents of the whole disk in guest order, as long as they can be; an empty one for an empty disk, as QEMU does. */
    public static void forEach(ImageChain chain, Consumer<Extent> consumer) throws IOException {
        forEach(chain, 0, Long.MAX_VALUE, consumer);
    }

    /** The same for the part of the disk that is {@code lengthBytes} long, as far as there is a disk. */
    public static void forEach(ImageChain chain, long offset, long lengthBytes, Consumer<Extent> consumer)
            throws IOException {
        new ChainMap(chain).run(offset, lengthBytes, consumer);
    }

    private void run(long offset, long lengthBytes, Consumer<Extent> consumer) throws IOException {
        long size = chain.virtualSizeBytes(top);
        long end = lengthBytes < size - offset ? offset + lengthBytes : size;
        Extent pending = null;
        for (long at = offset; at < end; ) {
            Extent next = extent(chain.resolve(top, 0, at, end - at));
            at += next.length();
            if (pending != null && pending.continuesWith(next)) {
                pending = pending.joined(next);
            } else {
                emit(pending, consumer);
                pending = next;
            }
        }
        emit(pending, consumer);
        if (offset >= end) {
            consumer.accept(new Extent(offset, 0, 0, false, false, false, false, OptionalLong.empty()));
        }
    }

    private static void emit(@Nullable Extent extent, Consumer<Extent> consumer) {
        if (extent != null) {
            consumer.accept(extent);
        }
    }

    private Extent extent(Piece piece) throws IOException {
        return switch (piece.source()) {
            case NOTHING -> absent(piece, top);
            case PAST_END -> absent(piece, top - piece.layer() - 1);
            case ZERO -> extent(piece, piece.lengthBytes(), true, false, place(piece.hostOffset()));
            case DATA -> data(piece);
            case COMPRESSED -> extent(piece, piece.lengthBytes(), false, true, OptionalLong.empty());
        };
    }

    /** The layer at {@code depth} is the last one asked; it may keep a place for what it does not own. */
    private Extent absent(Piece piece, int depth) throws IOException {
        long length = piece.lengthBytes();
        OptionalLong offset = OptionalLong.empty();
        if (chain.layer(top - depth) instanceof Qcow2Image image) {
            Mapping kept = image.mapWithPlaces(piece.guestOffset(), length);
            length = kept.lengthBytes();
            offset = place(kept.hostOffset());
        }
        return new Extent(piece.guestOffset(), length, depth, false, true, false, false, offset);
    }

    private static OptionalLong place(long hostOffset) {
        return hostOffset < 0 ? OptionalLong.empty() : OptionalLong.of(hostOffset);
    }

    /** What a raw file lacks of its last sector reads as zeroes, as does data in a hole; in images holes are looked for as QEMU does. */
    private Extent data(Piece piece) throws IOException {
        long host = piece.hostOffset();
        if (!(chain.layer(piece.layer()) instanceof Qcow2Image image)) {
            long inFile = chain.layer(piece.layer()).file().sizeBytes() - host;
            return inFile > 0
                    ? extent(piece, Math.min(piece.lengthBytes(), inFile), false, true, OptionalLong.of(host))
                    : extent(piece, piece.lengthBytes(), true, false, OptionalLong.of(host));
        }
        if (!preallocated(image)) {
            return extent(piece, piece.lengthBytes(), false, true, OptionalLong.of(host));
        }
        long data = image.file().nextData(host);
        boolean hole = data > host;
        long end = hole ? data : image.file().nextHole(host);
        boolean toTheEnd = end >= image.file().sizeBytes();
        long length = toTheEnd ? piece.lengthBytes() : Math.min(piece.lengthBytes(), end - host);
        return extent(piece, length, hole, true, OptionalLong.of(host));
    }

    private boolean preallocated(Qcow2Image image) throws IOException {
        Boolean known = preallocated.get(image);
        if (known == null) {
            known = Preallocation.isLikely(image.file(), image.header());
            preallocated.put(image, known);
        }
        return known;
    }

    private Extent extent(Piece piece, long length, boolean zero, boolean data, OptionalLong offset) {
        return new Extent(
                piece.guestOffset(),
                length,
                top - piece.layer(),
                true,
                zero,
                data,
                piece.source() == Piece.Source.COMPRESSED,
                offset);
    }
}
