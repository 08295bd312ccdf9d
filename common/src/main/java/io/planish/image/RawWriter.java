package io.planish.image;

import io.planish.qcow2.CompressedDescriptor;
import io.planish.storage.ImageFile;
import java.io.IOException;

/**
 * Writes a raw image: the place of a guest offset is that offset, there is nothing to map, and zeroes are holes. All happens in place
 * at once, so that only the target of a commit may be written like this: what stands above it hides it.
 */
public final class RawWriter implements TargetWriter {
    private static final int SECTOR_BYTES = 512;

    private final ImageFile file;
    private boolean pending;

    /** The file is open for writing. */
    public RawWriter(ImageFile file) {
        this.file = file;
    }

    @Override
    public int granularityBytes() {
        return SECTOR_BYTES;
    }

    @Override
    public boolean hasZeroClusters() {
        return true;
    }

    @Override
    public void grow(long virtualSizeBytes) throws IOException {
        if (virtualSizeBytes > RawImage.virtualSizeBytes(file)) {
            file.truncate(virtualSizeBytes);
            file.sync();
        }
    }

    @Override
    public Place place(long guestOffset, long lengthBytes, boolean mayOverwrite) {
        if (!mayOverwrite) {
            throw new IllegalStateException("data of a raw image has one place");
        }
        return new Place(guestOffset, lengthBytes);
    }

    @Override
    public void mapData(long guestOffset, long lengthBytes, long hostOffset) {
        pending = true;
    }

    @Override
    public long mapCompressed(long guestOffset, int lengthBytes) {
        throw new IllegalStateException("a raw image has no compressed clusters");
    }

    @Override
    public long mapCompressed(long guestOffset, CompressedDescriptor source, int advanceBytes) {
        throw new IllegalStateException("a raw image has no compressed clusters");
    }

    @Override
    public void mapZero(long guestOffset, long lengthBytes) throws IOException {
        long end = Math.min(guestOffset + lengthBytes, file.sizeBytes());
        if (guestOffset < end) {
            file.punch(guestOffset, end - guestOffset);
        }
        pending = true;
    }

    @Override
    public boolean wantsFlush(long tableBytes) {
        return false;
    }

    @Override
    public void prepare() throws IOException {
        flush();
    }

    @Override
    public void requirePrepared() {}

    @Override
    public boolean willShowData(long guestOffset, long lengthBytes, long hostOffset) {
        return hostOffset == guestOffset;
    }

    @Override
    public boolean willShowStream(long guestOffset, int lengthBytes, long hostOffset) {
        return false;
    }

    @Override
    public boolean willShowZeroes(long guestOffset, long lengthBytes) {
        return true;
    }

    @Override
    public void flush() throws IOException {
        if (pending) {
            pending = false;
            file.sync();
        }
    }

    @Override
    public void clearBehindEnd() {
        // the file ends where its disk does
    }
}
