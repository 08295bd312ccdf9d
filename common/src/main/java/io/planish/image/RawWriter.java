package io.planish.image;

import io.planish.storage.ImageFile;
import java.io.IOException;

/**
 * Writes a raw image: the place of a guest offset is that offset, there is nothing to map, and zeroes are holes. All happens in place
 * at once, so that only the target of a commit may be written like this: what stands above it hides it.
 */
public final class RawWriter implements TargetWriter {
    private static final int SECTOR_BYTES = 512;

    private final ImageFile file;
    private long zeroFrom;
    private long zeroTo;
    private boolean pending;

    /** The file is open for writing. */
    public RawWriter(ImageFile file) {
        this.file = file;
    }

    @Override
    public int clusterBytes() {
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
    public long ownHostOffset(long guestCluster) {
        return guestCluster * SECTOR_BYTES;
    }

    @Override
    public Run take(int wanted) {
        throw new IllegalStateException("every cluster of a raw image has its place");
    }

    @Override
    public void mapData(long guestCluster, long hostOffset) {
        pending = true;
    }

    @Override
    public long mapCompressed(long guestCluster, int lengthBytes) {
        throw new IllegalStateException("a raw image has no compressed clusters");
    }

    @Override
    public void mapZero(long guestCluster) throws IOException {
        long offset = guestCluster * SECTOR_BYTES;
        if (offset != zeroTo) {
            punch();
            zeroFrom = offset;
        }
        zeroTo = offset + SECTOR_BYTES;
        pending = true;
    }

    @Override
    public boolean wantsFlush(long tableBytes) {
        return false;
    }

    @Override
    public void flush() throws IOException {
        if (pending) {
            pending = false;
            punch();
            file.sync();
        }
    }

    private void punch() throws IOException {
        long end = Math.min(zeroTo, file.sizeBytes());
        if (zeroFrom < end) {
            file.punch(zeroFrom, end - zeroFrom);
        }
        zeroFrom = zeroTo;
    }
}
