package io.planish.image;

import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One opened image of a chain, seen by itself: what it owns, without its backing file.
 *
 * <p>Reads its tables through a cache of bounded size. Not thread-safe.
 */
public interface Layer extends AutoCloseable {
    String name();

    ImageFile file();

    /** The size of the virtual disk in bytes. */
    long virtualSizeBytes();

    /** The granularity of what it owns in bytes: the (sub)cluster size, 512 for a raw image. */
    int granularityBytes();

    /**
     * The mapping at {@code guestOffset}, at most {@code maxLengthBytes} long, as long as one kind and one contiguous host range
     * go; at least one byte. {@code COMPRESSED} never spans two clusters. The range must lie within the virtual size.
     */
    Mapping map(long guestOffset, long maxLengthBytes) throws IOException;

    /** Reads bytes of a mapping of kind {@code DATA} or {@code COMPRESSED} that {@link #map} gave, from {@code guestOffset} on. */
    void read(Mapping mapping, long guestOffset, ByteBuffer into) throws IOException;

    /** Forgets what was read of its tables; to be called after a writer changed them. */
    void reload() throws IOException;

    @Override
    void close() throws IOException;
}
