package io.planish.image;

import io.planish.merge.Piece.Source;
import java.io.IOException;

/**
 * One layer of a chain with the mapping it gave last, which mostly answers the next question too: of a thousand layers asked for a
 * range few have to look into their tables. Not thread-safe.
 */
final class LayerCursor {
    private static final long LOOK_AHEAD_BYTES = 1 << 20;

    private final Layer layer;
    private long start;
    private long end;
    private long host;
    private Source source = Source.NOTHING;
    private long aheadBytes = LOOK_AHEAD_BYTES;

    LayerCursor(Layer layer) {
        this.layer = layer;
    }

    Layer layer() {
        return layer;
    }

    /** Whether the offset lies in the mapping that was found last. */
    boolean isAt(long offset) {
        return offset >= start && offset < end;
    }

    /** Finds the mapping at an offset within the disk, which reaches as far as is wanted if it is that long. */
    void moveTo(long offset, long wantedBytes) throws IOException {
        long length = Math.min(layer.virtualSizeBytes() - offset, Math.max(wantedBytes, aheadBytes));
        Mapping mapping = layer.map(offset, length);
        start = offset;
        end = offset + mapping.lengthBytes();
        host = mapping.hostOffset();
        source = switch (mapping.kind()) {
            case UNALLOCATED -> Source.NOTHING;
            case ZERO -> Source.ZERO;
            case DATA -> Source.DATA;
            case COMPRESSED -> Source.COMPRESSED;
        };
        // where nothing stands, nothing much will follow
        boolean empty = source == Source.NOTHING && mapping.lengthBytes() == length;
        aheadBytes = empty ? Math.min(2 * aheadBytes, Long.MAX_VALUE / 4) : LOOK_AHEAD_BYTES;
    }

    /** What the layer has there; {@code NOTHING}: ask the one below. */
    Source source() {
        return source;
    }

    /** Where the mapping ends. */
    long end() {
        return end;
    }

    /** As in {@link Mapping}, for an offset within the mapping. */
    long hostOffset(long offset) {
        return source == Source.COMPRESSED || host < 0 ? host : host + (offset - start);
    }

    void reload() throws IOException {
        end = start;
        layer.reload();
    }
}
