package io.planish.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.planish.ImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A change of a header that a crash cannot tear: first bytes of cluster 0 that the current header does not use, then one
 * aligned 512-byte write of sector 0 that switches everything at once.
 *
 * <p>Unknown fields, unknown extensions and the snapshot table's fields stay as they are; autoclear bits that only a program who
 * knows them may leave set are cleared by every change. What cannot be laid out in this way
 * is refused before anything is written. Not thread-safe; used once.
 */
public final class HeaderEdit {
    private final ByteBuffer current;
    private final Header header;
    private final ByteBuffer sector;
    private final List<Extension> extensions;
    private Optional<Backing> backing;
    private boolean backingChanged;

    private HeaderEdit(ByteBuffer firstCluster, Header header) {
        this.current = firstCluster.slice().order(ByteOrder.BIG_ENDIAN);
        this.header = header;
        this.sector = ByteBuffer.allocate(HeaderPlacement.SECTOR_BYTES);
        this.sector.put(0, current, 0, HeaderPlacement.SECTOR_BYTES);
        this.extensions = new ArrayList<>(header.extensions());
        this.backing = header.backing();
        bits(HeaderLayout.AUTOCLEAR, ~(Features.BITMAPS | Marks.UNTOUCHED_BIT), false);
    }

    /**
     * Starts a change.
     *
     * @param firstCluster the whole first cluster as it is on disk now
     * @param header what it decodes to
     */
    public static HeaderEdit of(ByteBuffer firstCluster, Header header) {
        if (firstCluster.remaining() != header.geometry().clusterBytes()) {
            throw new IllegalArgumentException("needs the whole first cluster, got " + firstCluster.remaining());
        }
        return new HeaderEdit(firstCluster, header);
    }

    /** A new backing link; its format must be given, and is always written. */
    public HeaderEdit backing(Backing wanted) {
        String format = wanted.format().orElseThrow(() -> new IllegalArgumentException("no format for " + wanted));
        backing = Optional.of(wanted);
        backingChanged = true;
        return extension(new Extension(Extension.BACKING_FORMAT, ByteBuffer.wrap(format.getBytes(UTF_8))));
    }

    /**
     * No backing file any more. The format extension goes too, but stays, meaning nothing, where taking it out would
     * move extensions that cannot be moved safely.
     */
    public HeaderEdit noBacking() {
        backing = Optional.empty();
        backingChanged = true;
        return withoutExtension(Extension.BACKING_FORMAT);
    }

    public HeaderEdit virtualSize(long bytes) {
        sector.putLong(HeaderLayout.VIRTUAL_SIZE, bytes);
        return this;
    }

    public HeaderEdit l1Table(long offset, int entries) {
        sector.putLong(HeaderLayout.L1_OFFSET, offset);
        sector.putInt(HeaderLayout.L1_ENTRIES, entries);
        return this;
    }

    public HeaderEdit refcountTable(long offset, int clusters) {
        sector.putLong(HeaderLayout.REFCOUNT_TABLE_OFFSET, offset);
        sector.putInt(HeaderLayout.REFCOUNT_TABLE_CLUSTERS, clusters);
        return this;
    }

    /** These are the image's persistent bitmaps from now on; version 3 only. */
    public HeaderEdit bitmaps(BitmapsExtension directory) {
        return extension(directory.encode()).bitmapsConsistent(true);
    }

    /** Whether the bitmaps extension is consistent; version 3 only. */
    public HeaderEdit bitmapsConsistent(boolean consistent) {
        return bits(HeaderLayout.AUTOCLEAR, Features.BITMAPS, consistent);
    }

    /** Whether refcounts may be wrong; version 3 only. */
    public HeaderEdit dirty(boolean dirty) {
        return bits(HeaderLayout.INCOMPATIBLE, Features.DIRTY, dirty);
    }

    /** Puts the mark of an unfinished commit on or takes it off, see {@link Marks}. */
    public HeaderEdit halfMerged(boolean marked) {
        if (header.version() >= 3) {
            return bits(HeaderLayout.COMPATIBLE, Marks.HALF_MERGED_BIT, marked)
                    .bits(HeaderLayout.AUTOCLEAR, Marks.UNTOUCHED_BIT, marked);
        }
        return marked ? extension(new Extension(Marks.PLSH, ByteBuffer.allocate(0))) : withoutExtension(Marks.PLSH);
    }

    /** Makes the image unopenable for every program, see {@link Marks}. */
    public HeaderEdit poison() {
        if (header.version() >= 3) {
            return bits(HeaderLayout.INCOMPATIBLE, Marks.POISON_BIT, true);
        }
        sector.putInt(HeaderLayout.VERSION, Marks.PLSH);
        return this;
    }

    /** Adds an extension, or puts it in the place of the one of its type. */
    public HeaderEdit extension(Extension extension) {
        for (int i = 0; i < extensions.size(); i++) {
            if (extensions.get(i).type() == extension.type()) {
                extensions.set(i, extension);
                return this;
            }
        }
        extensions.addFirst(extension);
        return this;
    }

    public HeaderEdit withoutExtension(int type) {
        extensions.removeIf(e -> e.type() == type);
        return this;
    }

    /**
     * The writes, in order, each to be durable before the next; none if nothing changes. Until the last one is on disk the
     * image reads as before.
     *
     * @throws ImageException {@code UNSUPPORTED_FEATURE} if the header cannot be laid out safely or does not fit; nothing may
     *     have been written then
     */
    public List<HeaderWrite> writes() throws ImageException {
        return new HeaderPlacement(current, header, sector, backing, backingChanged).writes(extensions);
    }

    private HeaderEdit bits(int field, long mask, boolean set) {
        if (header.version() >= 3) {
            long value = sector.getLong(field);
            sector.putLong(field, set ? value | mask : value & ~mask);
        } else if (set) {
            throw new IllegalArgumentException("version 2 has no feature bits");
        }
        return this;
    }
}
