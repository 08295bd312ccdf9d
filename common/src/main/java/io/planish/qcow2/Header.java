package io.planish.qcow2;

import io.planish.ImageException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * The header of an image with its extensions, checked against the file's real size; the bytes are described by the
 * constants of {@code HeaderLayout} and by {@link Extension}.
 *
 * <p>Holding one means the header is well formed: geometry in range, tables aligned, inside the file and apart from each
 * other. It does not mean that the image can be worked on: see {@link #requireSupported()}. Immutable.
 *
 * @param virtualSizeBytes the size of the disk, in whole sectors
 * @param encryptionMethod 0 none, 1 AES, 2 LUKS
 * @param snapshotCount number of internal snapshots
 * @param incompatibleFeatures 0 in version 2, as the other feature fields
 * @param compressionType {@link #DEFLATE}, {@link #ZSTD}, or something unknown
 * @param lengthBytes length of the header without extensions
 * @param extensions in file order, without the end marker
 * @param extensionsEndOffset first byte behind the extensions and their end marker
 * @param backingNameOffset where the backing file's name stands; 0: none
 */
public record Header(
        int version,
        Geometry geometry,
        long virtualSizeBytes,
        int encryptionMethod,
        long l1Offset,
        int l1Entries,
        long refcountTableOffset,
        int refcountTableClusters,
        long snapshotTableOffset,
        int snapshotCount,
        long incompatibleFeatures,
        long compatibleFeatures,
        long autoclearFeatures,
        int compressionType,
        int lengthBytes,
        List<Extension> extensions,
        int extensionsEndOffset,
        int backingNameOffset,
        int backingNameBytes,
        Optional<Backing> backing,
        Optional<BitmapsExtension> bitmaps) {

    /** The unit of a disk's size: what a header tells beyond whole ones is not there, as with QEMU. */
    public static final long SECTOR_BYTES = 512;

    public static final int DEFLATE = 0;
    public static final int ZSTD = 1;
    /** Bytes of a file that {@link #clusterBytes} needs. */
    public static final int PREFIX_BYTES = HeaderLayout.V2_BYTES;
    /** QEMU's limit for an L1 table, 32 MiB. */
    public static final int MAX_L1_ENTRIES = (32 << 20) / Long.BYTES;
    /** QEMU's limit for a refcount table. */
    public static final int MAX_REFCOUNT_TABLE_BYTES = 8 << 20;
    /** QEMU's limit for internal snapshots. */
    public static final int MAX_SNAPSHOTS = 65536;

    public Header {
        extensions = List.copyOf(extensions);
    }

    /** Whether these bytes start as a QCOW2 file does. */
    public static boolean hasMagic(ByteBuffer prefix) {
        return prefix.remaining() >= 4 && prefix.getInt(prefix.position()) == HeaderLayout.MAGIC;
    }

    /**
     * The cluster size that a file's first {@link #PREFIX_BYTES} bytes tell: how many bytes of the file {@link #decode} needs.
     *
     * @throws ImageException if this is no QCOW2 file of version 2 or 3, or the cluster size is out of range
     */
    public static int clusterBytes(ByteBuffer prefix) throws ImageException {
        return 1 << HeaderDecoder.clusterBits(prefix);
    }

    /**
     * Reads a header from the file's first cluster, or from the whole file if that is shorter.
     *
     * @param firstCluster big endian; its position and limit stay
     * @param fileSizeBytes the file's real size
     * @throws ImageException {@code MALFORMED_IMAGE} if it contradicts the format or itself, {@code UNSUPPORTED_FEATURE} if it
     *     is of an unknown version
     */
    public static Header decode(ByteBuffer firstCluster, long fileSizeBytes) throws ImageException {
        try {
            return new HeaderDecoder(firstCluster, fileSizeBytes).decode();
        } catch (IndexOutOfBoundsException e) {
            throw new IllegalArgumentException(
                    "needs the whole first cluster, got " + firstCluster.remaining() + " bytes", e);
        }
    }

    /**
     * The same from less than the first cluster.
     *
     * @param begin the file's first bytes, at least {@link #PREFIX_BYTES} or the whole file
     * @return empty if there is more of the header than was given
     */
    public static Optional<Header> decodeBegin(ByteBuffer begin, long fileSizeBytes) throws ImageException {
        try {
            return Optional.of(new HeaderDecoder(begin, fileSizeBytes).decode());
        } catch (IndexOutOfBoundsException more) {
            return Optional.empty();
        }
    }

    /** Why this image cannot be worked on, each reason a phrase; empty: it can. */
    public List<String> unsupported() {
        return Features.unsupported(this);
    }

    /** Refuses, with kind {@code UNSUPPORTED_FEATURE} and all reasons by name, an image that cannot be worked on. */
    public void requireSupported() throws ImageException {
        Features.requireSupported(this);
    }

    /** Whether refcounts may be wrong and must be rebuilt before anything is written. */
    public boolean isDirty() {
        return (incompatibleFeatures & Features.DIRTY) != 0;
    }

    public boolean isCorrupt() {
        return (incompatibleFeatures & Features.CORRUPT) != 0;
    }

    public boolean hasLazyRefcounts() {
        return (compatibleFeatures & Features.LAZY_REFCOUNTS) != 0;
    }

    public Optional<Extension> extension(int type) {
        return extensions.stream().filter(e -> e.type() == type).findFirst();
    }

    public long refcountTableBytes() {
        return (long) refcountTableClusters << geometry.clusterBits();
    }
}
