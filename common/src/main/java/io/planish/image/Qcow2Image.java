package io.planish.image;

import io.planish.ImageException;
import io.planish.qcow2.CompressedDescriptor;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.L1Entry;
import io.planish.qcow2.L2Entry;
import io.planish.qcow2.Subclusters;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;

/**
 * Reads one QCOW2 image. Every offset that a table names is checked against the file's real size before it is followed;
 * what contradicts the format fails with kind {@code MALFORMED_IMAGE}, naming image and place.
 */
public final class Qcow2Image implements Layer {
    private static final int READ_AHEAD_BYTES = 2 << 20;

    private final ImageFile file;
    private final String name;
    private final int cacheBytes;
    private Header header;
    private TableCache l1Table;
    private TableCache l2Tables;
    private CompressedReader compressed;
    private long fileSizeBytes;
    private OptionalLong otherSizeBytes = OptionalLong.empty();
    private long lastTable = -1;
    private long tablesAskedFor;

    private Qcow2Image(ImageFile file, String name, int cacheBytes, Header header) throws IOException {
        this.file = file;
        this.name = name;
        this.cacheBytes = cacheBytes;
        this.header = header;
        this.fileSizeBytes = file.sizeBytes();
        this.l1Table = new TableCache(file, header.geometry().clusterBytes(), 0);
        this.l2Tables = new TableCache(file, header.geometry().clusterBytes(), cacheBytes);
        this.compressed = new CompressedReader(file, header);
    }

    /**
     * Opens an image that can be worked on. A failure leaves the file open.
     *
     * @param name for messages
     * @param cacheBytes how many bytes of tables are kept in memory
     * @throws ImageException {@code MALFORMED_IMAGE}, or {@code UNSUPPORTED_FEATURE} naming what is not supported
     */
    public static Qcow2Image open(ImageFile file, String name, int cacheBytes) throws IOException {
        return new Qcow2Image(file, name, cacheBytes, supportedHeader(file, name));
    }

    /**
     * The same with a disk of another size than the header tells: how an image reads that is being written and has its new L1 table, but
     * not its new size.
     *
     * @param virtualSizeBytes no more than its L1 table reaches
     */
    public static Qcow2Image open(ImageFile file, String name, int cacheBytes, long virtualSizeBytes)
            throws IOException {
        Qcow2Image image = open(file, name, cacheBytes);
        if (image.header.geometry().l1Index(virtualSizeBytes - 1) >= image.header.l1Entries()) {
            throw new IllegalArgumentException("the L1 table of " + name + " ends before " + virtualSizeBytes);
        }
        image.otherSizeBytes = OptionalLong.of(virtualSizeBytes);
        return image;
    }

    @Override
    public void reload() throws IOException {
        Header now = supportedHeader(file, name);
        fileSizeBytes = file.sizeBytes();
        if (!now.geometry().equals(header.geometry()) || now.compressionType() != header.compressionType()) {
            compressed.close();
            compressed = new CompressedReader(file, now);
            l1Table = new TableCache(file, now.geometry().clusterBytes(), 0);
            l2Tables = new TableCache(file, now.geometry().clusterBytes(), cacheBytes);
        }
        compressed.forget();
        l1Table.clear();
        l2Tables.clear();
        header = now;
    }

    public Header header() {
        return header;
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
        return otherSizeBytes.orElse(header.virtualSizeBytes());
    }

    @Override
    public int granularityBytes() {
        return header.geometry().granularityBytes();
    }

    @Override
    public Mapping map(long guestOffset, long maxLengthBytes) throws IOException {
        if (guestOffset < 0 || maxLengthBytes <= 0 || maxLengthBytes > virtualSizeBytes() - guestOffset) {
            throw new IllegalArgumentException(
                    "range " + guestOffset + "+" + maxLengthBytes + " is outside the disk of " + virtualSizeBytes());
        }
        return walk(guestOffset, guestOffset + maxLengthBytes, false);
    }

    /** As {@link #map}, but unallocated subclusters of a host cluster have their place in it as host offset, as zero ones do. */
    Mapping mapWithPlaces(long guestOffset, long maxLengthBytes) throws IOException {
        return walk(guestOffset, guestOffset + maxLengthBytes, true);
    }

    private Mapping walk(long guestOffset, long limit, boolean allPlaces) throws IOException {
        Geometry geometry = header.geometry();
        boolean subclusters = geometry.hasSubclusters();
        int granularity = geometry.granularityBytes();
        long host = -1;
        MappingKind kind = MappingKind.UNALLOCATED;
        long end = guestOffset;
        long table = 0;
        long tableEnd = guestOffset;
        while (end < limit) {
            if (end >= tableEnd) {
                table = l2TableOffset(end);
                tableEnd = nextMultiple(end, geometry.bytesPerL2Table());
            }
            long entry = table == 0 ? L2Entry.UNALLOCATED : l2Entry(table, end);
            L2Entry.Kind own = L2Entry.kind(entry);
            long span = table == 0 ? geometry.bytesPerL2Table() : geometry.clusterBytes();
            long next = nextMultiple(end, span);
            if (subclusters && table != 0 && own != L2Entry.Kind.COMPRESSED) {
                long bitmap = subclusters(table, end);
                int subcluster = geometry.offsetInCluster(end) / granularity;
                own = Subclusters.kind(entry, bitmap, subcluster);
                next = end - end % granularity + (long) Subclusters.alike(bitmap, subcluster) * granularity;
            }
            MappingKind nextKind = kind(own);
            long nextHost = switch (own) {
                case ZERO_PLAIN -> -1;
                case UNALLOCATED -> allPlaces && L2Entry.hostOffset(entry) != 0 ? place(entry, end) : -1;
                case STANDARD, ZERO_ALLOCATED -> place(entry, end);
                case COMPRESSED -> entry;
            };
            if (end == guestOffset) {
                kind = nextKind;
                host = nextHost;
            } else if (nextKind != kind || nextHost != (host < 0 ? host : host + (end - guestOffset))) {
                break;
            }
            end = Math.min(limit, next);
            if (kind == MappingKind.COMPRESSED) {
                break;
            }
        }
        return new Mapping(kind, guestOffset, end - guestOffset, host);
    }

    /** The first multiple of a power of two after {@code offset}. */
    private static long nextMultiple(long offset, long powerOfTwo) {
        return (offset | (powerOfTwo - 1)) + 1;
    }

    @Override
    public void read(Mapping mapping, long guestOffset, ByteBuffer into) throws IOException {
        switch (mapping.kind()) {
            case DATA -> file.readData(into, mapping.hostOffset() + (guestOffset - mapping.guestOffset()));
            case COMPRESSED -> readCompressed(mapping.hostOffset(), guestOffset, into);
            case UNALLOCATED, ZERO -> throw new IllegalArgumentException(mapping + " has no bytes of its own");
        }
    }

    /** Where the stream of a compressed cluster stands; {@code entry} is what {@link #map} gave as host offset. */
    public CompressedDescriptor descriptor(long entry) {
        return CompressedDescriptor.decode(entry, header.geometry().clusterBits());
    }

    /**
     * The stream of a compressed cluster, which is sound, without what shares its sectors; valid until the image is read again.
     *
     * @param entry what {@link #map} gave as host offset
     */
    public ByteBuffer stream(long entry) throws IOException {
        try {
            return compressed.stream(entry);
        } catch (ImageException e) {
            throw e.at(name);
        }
    }

    @Override
    public void close() throws IOException {
        compressed.close();
        file.close();
    }

    private void readCompressed(long entry, long guestOffset, ByteBuffer into) throws IOException {
        try {
            compressed.read(entry, header.geometry().offsetInCluster(guestOffset), into);
        } catch (ImageException e) {
            throw e.at(name);
        }
    }

    private long l2TableOffset(long guestOffset) throws IOException {
        long index = header.geometry().l1Index(guestOffset);
        if (index != lastTable) {
            readAhead(index);
        }
        long at = header.l1Offset() + index * Long.BYTES;
        long entry = l1Table.readLong(at);
        while (true) {
            try {
                return L1Entry.checkedL2Offset(entry, at, header.geometry(), fileSizeBytes);
            } catch (ImageException e) {
                requireGrown(e);
            }
        }
    }

    /** Has the system fetch the tables that a walk through the disk comes to next: a disk is faster at several reads than at one. */
    private void readAhead(long index) throws IOException {
        int tableBytes = header.geometry().clusterBytes();
        long window = Math.max(2, READ_AHEAD_BYTES / tableBytes);
        if (index != lastTable + 1) {
            tablesAskedFor = index + 1;
        } else if (index + window / 2 >= tablesAskedFor) {
            long below = Math.min(index + window, header.l1Entries());
            for (long i = Math.max(index, tablesAskedFor); i < below; i++) {
                long table = L1Entry.l2Offset(l1Table.readLong(header.l1Offset() + i * Long.BYTES));
                if (table != 0 && table <= fileSizeBytes - tableBytes) {
                    file.willNeed(table, tableBytes);
                }
            }
            tablesAskedFor = Math.max(below, tablesAskedFor);
        }
        lastTable = index;
    }

    private long l2Entry(long table, long guestOffset) throws IOException {
        Geometry geometry = header.geometry();
        long at = entryOffset(table, guestOffset);
        long entry = l2Tables.readLong(at);
        while (entry != L2Entry.UNALLOCATED) {
            try {
                L2Entry.checked(entry, at, header.version(), geometry, fileSizeBytes);
                break;
            } catch (ImageException e) {
                requireGrown(e);
            }
        }
        return entry;
    }

    /** The second half of an extended entry. */
    private long subclusters(long table, long guestOffset) throws IOException {
        long at = entryOffset(table, guestOffset);
        long bitmap = l2Tables.readLong(at + Long.BYTES);
        try {
            Subclusters.check(L2Entry.kind(l2Tables.readLong(at)), bitmap, at);
        } catch (ImageException e) {
            throw e.at(name);
        }
        return bitmap;
    }

    private long entryOffset(long table, long guestOffset) {
        Geometry geometry = header.geometry();
        return table + (long) geometry.l2Index(guestOffset) * geometry.l2EntryBytes();
    }

    /** A writer may have made the file longer since it was measured; only if so is the entry worth another look. */
    private void requireGrown(ImageException failure) throws IOException {
        long size = file.sizeBytes();
        if (size <= fileSizeBytes) {
            throw failure.at(name);
        }
        fileSizeBytes = size;
    }

    private long place(long entry, long guestOffset) {
        return L2Entry.hostOffset(entry) + header.geometry().offsetInCluster(guestOffset);
    }

    private static MappingKind kind(L2Entry.Kind kind) {
        return switch (kind) {
            case UNALLOCATED -> MappingKind.UNALLOCATED;
            case ZERO_PLAIN, ZERO_ALLOCATED -> MappingKind.ZERO;
            case STANDARD -> MappingKind.DATA;
            case COMPRESSED -> MappingKind.COMPRESSED;
        };
    }

    private static Header supportedHeader(ImageFile file, String name) throws IOException {
        Header header = Images.header(file, name);
        try {
            header.requireSupported();
        } catch (ImageException e) {
            throw e.at(name);
        }
        return header;
    }
}
