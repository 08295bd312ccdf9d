package io.planish.image;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.qcow2.Header;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Opens images by their recorded format, which is never guessed. */
public final class Images {
    public static final String QCOW2 = "qcow2";
    public static final String RAW = "raw";

    /** Tables kept in memory for each open layer, where nothing else is said. */
    public static final int CACHE_BYTES = 256 << 10;

    /** Most headers end long before this, and long before their cluster does. */
    public static final int USUAL_HEADER_BYTES = 4096;

    private static final long LARGEST_FILE_BYTES = 1L << 62;
    private static final int CHAIN_CACHE_BYTES = 32 << 20;

    private Images() {}

    /** Tables kept in memory for each layer of a chain, so that all layers together stay within a bound as far as they can. */
    public static int cacheBytes(int layers) {
        return Math.min(CACHE_BYTES, CHAIN_CACHE_BYTES / Math.max(1, layers));
    }

    public static Layer open(ImageFile file, String name, String format) throws IOException {
        return open(file, name, format, CACHE_BYTES);
    }

    /**
     * Opens an image; the layer closes the file. A failure leaves the file open.
     *
     * @param format {@link #QCOW2} or {@link #RAW}; anything else is refused by name
     * @param cacheBytes how many bytes of tables are kept in memory
     */
    public static Layer open(ImageFile file, String name, String format, int cacheBytes) throws IOException {
        return switch (format) {
            case QCOW2 -> Qcow2Image.open(file, name, cacheBytes);
            case RAW -> new RawImage(file, name);
            default ->
                throw new ImageException(
                        ErrorKind.UNSUPPORTED_FEATURE, name, "format " + format, "qcow2 and raw are supported");
        };
    }

    /** Reads the header of a QCOW2 file, which need not be one that can be worked on. */
    public static Header header(ImageFile file, String name) throws IOException {
        try {
            long size = file.sizeBytes();
            return header(file, read(file, (int) Math.min(USUAL_HEADER_BYTES, size)), size);
        } catch (ImageException e) {
            throw e.at(name);
        }
    }

    /**
     * The same for one whose beginning has been read; the rest of the first cluster is read only if it matters.
     *
     * @param begin the file's first bytes, {@link #USUAL_HEADER_BYTES} of them if it has so many
     */
    public static Header header(ImageFile file, ByteBuffer begin, long sizeBytes) throws IOException {
        Optional<Header> header = Header.decodeBegin(begin, sizeBytes);
        return header.isPresent() ? header.get() : Header.decode(firstCluster(file, sizeBytes), sizeBytes);
    }

    /** Whether all that is wrong with a QCOW2 file's header is that it refers to tables past the end of the file. */
    public static boolean endsBeforeItsTables(ImageFile file) throws IOException {
        long size = file.sizeBytes();
        return !isHeaderSound(file, size) && isHeaderSound(file, LARGEST_FILE_BYTES);
    }

    private static boolean isHeaderSound(ImageFile file, long sizeBytes) throws IOException {
        try {
            header(file, read(file, (int) Math.min(USUAL_HEADER_BYTES, file.sizeBytes())), sizeBytes);
            return true;
        } catch (ImageException e) {
            if (e.kind() != ErrorKind.MALFORMED_IMAGE) {
                throw e;
            }
            return false;
        }
    }

    /** The whole first cluster of a QCOW2 file as it is now, as {@link io.planish.qcow2.HeaderEdit} needs it. */
    public static ByteBuffer firstCluster(ImageFile file, String name) throws IOException {
        try {
            return firstCluster(file, file.sizeBytes());
        } catch (ImageException e) {
            throw e.at(name);
        }
    }

    private static ByteBuffer firstCluster(ImageFile file, long sizeBytes) throws IOException {
        ByteBuffer prefix = read(file, (int) Math.min(Header.PREFIX_BYTES, sizeBytes));
        int clusterBytes = Header.clusterBytes(prefix);
        return read(file, (int) Math.min(clusterBytes, sizeBytes));
    }

    private static ByteBuffer read(ImageFile file, int lengthBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(lengthBytes);
        file.read(bytes, 0);
        return bytes.flip();
    }
}
