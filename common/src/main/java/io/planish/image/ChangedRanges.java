package io.planish.image;

import java.io.IOException;
import java.util.List;

/**
 * The bits of all guest bytes that may read differently once the layers above an image are committed into it: what one of
 * them owns, be it zeroes, and what lies past the end of the shortest of all. Never too few, at times too many.
 */
public final class ChangedRanges implements BitmapBits {
    private final List<Layer> above;
    private final long shortestBytes;
    private final int granularityBits;

    /** @param image the image that is committed into */
    public ChangedRanges(Layer image, List<Layer> above, int granularityBits) {
        this.above = List.copyOf(above);
        this.shortestBytes = Math.min(
                image.virtualSizeBytes(),
                above.stream().mapToLong(Layer::virtualSizeBytes).min().orElse(Long.MAX_VALUE));
        this.granularityBits = granularityBits;
    }

    @Override
    public void addTo(BitmapWindow window) throws IOException {
        long from = window.firstBit() << granularityBits;
        long end = window.endBit() << granularityBits;
        for (Layer layer : above) {
            long stop = Math.min(end, shortestBytes);
            for (long at = from; at < stop; ) {
                Mapping mapping = layer.map(at, stop - at);
                if (mapping.kind() != MappingKind.UNALLOCATED) {
                    set(window, at, at + mapping.lengthBytes());
                }
                at += mapping.lengthBytes();
            }
        }
        if (end > shortestBytes) {
            set(window, shortestBytes, end);
        }
    }

    private void set(BitmapWindow window, long from, long end) {
        window.set(from >> granularityBits, Math.ceilDiv(end, 1L << granularityBits));
    }
}
