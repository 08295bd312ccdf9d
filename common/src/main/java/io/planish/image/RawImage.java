package io.planish.image;

import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A raw image: the file is the disk. Holes read as zeroes, and nothing lies below a raw image, so that everything is either
 * {@code DATA} or {@code ZERO}. A size that is no multiple of 512 counts as rounded up, the rest reading as zeroes.
 */
public final class RawImage implements Layer {
    private static final int SECTOR_BYTES = 512;

    private final ImageFile file;
    private final String name;
    private final long virtualSizeBytes;

    public RawImage(ImageFile file, String name) throws IOException {
        this.file = file;
        this.name = name;
        this.virtualSizeBytes = virtualSizeBytes(file);
    }

    /** The size of the disk that a raw file is. */
    public static long virtualSizeBytes(ImageFile file) throws IOException {
        return Math.ceilDiv(file.sizeBytes(), (long) SECTOR_BYTES) * SECTOR_BYTES;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public ImageFile file() {
        return file;
    }

    @Override
    public long virtualSizeBytes() {
        return virtualSizeBytes;
    }

    @Override
    public int granularityBytes() {
        return SECTOR_BYTES;
    }

    @Override
    public Mapping map(long guestOffset, long maxLengthBytes) throws IOException {
        if (guestOffset < 0 || maxLengthBytes <= 0 || maxLengthBytes > virtualSizeBytes - guestOffset) {
            throw new IllegalArgumentException(
                    "range " + guestOffset + "+" + maxLengthBytes + " is outside the disk of " + virtualSizeBytes);
        }
        long limit = guestOffset + maxLengthBytes;
        long data = file.nextData(guestOffset);
        if (data > guestOffset) {
            long end = data >= file.sizeBytes() ? limit : Math.min(limit, data);
            return new Mapping(MappingKind.ZERO, guestOffset, end - guestOffset, guestOffset);
        }
        long hole = file.nextHole(guestOffset);
        long end = hole >= file.sizeBytes() ? limit : Math.min(limit, hole);
        return new Mapping(MappingKind.DATA, guestOffset, end - guestOffset, guestOffset);
    }

    @Override
    public void reload() {
        // nothing but the file itself tells what it holds
    }

    @Override
    public void read(Mapping mapping, long guestOffset, ByteBuffer into) throws IOException {
        if (mapping.kind() != MappingKind.DATA) {
            throw new IllegalArgumentException(mapping + " has no bytes of its own");
        }
        file.readData(into, guestOffset);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
