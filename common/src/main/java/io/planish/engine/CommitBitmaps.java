package io.planish.engine;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.image.BitmapBits;
import io.planish.image.BitmapWriter;
import io.planish.image.ChangedRanges;
import io.planish.image.Directories;
import io.planish.image.HeaderFile;
import io.planish.image.Layer;
import io.planish.image.StoredBitmap;
import io.planish.merge.MergedBitmap;
import io.planish.qcow2.BitmapEntry;
import io.planish.qcow2.BitmapsExtension;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.HeaderEdit;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The persistent bitmaps of a commit's target and of the layers above it.
 *
 * <p>The target gets all of them, with every bit they will have in the end, in one header write, before any of its data changes. So at no moment does a bitmap say that less was written than was, and none has to be declared inconsistent meanwhile.
 * Where the disk changes its size they get that size in the header write that changes it, as QEMU requires.
 */
final class CommitBitmaps {
    private final JobChain chain;
    private final ImageRef target;
    private final ImageFile file;
    private final List<MergedBitmap.Holder> holders = new ArrayList<>();
    private final Map<Integer, Source> sources = new HashMap<>();

    /** An image whose bitmaps are read. */
    private record Source(ImageFile file, Header header) {}

    private CommitBitmaps(JobChain chain, Predicate<ImageRef> holdsBitmaps, OpenFiles files) throws IOException {
        this.chain = chain;
        this.target = chain.job().target();
        this.file = files.get(target);
        for (int i = chain.target(); i <= chain.hi(); i++) {
            ImageRef image = chain.images().get(i);
            if (holdsBitmaps.test(image)) {
                Header header = HeaderFile.read(files.get(image));
                List<BitmapEntry> entries = Directories.bitmaps(files.get(image), header);
                sources.put(i, new Source(files.get(image), header));
                holders.add(new MergedBitmap.Holder(i, image.toString(), entries));
            }
        }
        if (chain.keepsLayers() && !targetHoldsBitmaps()) {
            holders.removeIf(holder -> holder.layer() > chain.target());
        }
    }

    /** Where it does not, those of layers that are kept stay what they are: in their image, telling what was written to it. */
    private boolean targetHoldsBitmaps() {
        Source own = sources.get(chain.target());
        return own != null && own.header().version() >= 3 && own.header().virtualSizeBytes() > 0;
    }

    /** Reads the directories of all layers from the target up; the target may be raw. */
    static CommitBitmaps read(JobChain chain, OpenChain open, OpenFiles files) throws IOException {
        return new CommitBitmaps(chain, open::isQcow2, files);
    }

    /**
     * Fails if not every bitmap can be carried over; changes nothing.
     *
     * @param begun whether the commit was begun, so that it must be finished even if a bitmap has become inconsistent since
     */
    void requireMergeable(boolean begun, long finalSizeBytes) throws IOException {
        if (!begun) {
            MergedBitmap.requireConsistent(holders);
        }
        List<MergedBitmap> merged = merged();
        if (merged.isEmpty()) {
            return;
        }
        Source own = sources.get(chain.target());
        if (own == null || own.header().version() < 3) {
            throw unsupported("it cannot hold persistent bitmaps, and a layer above it has some");
        }
        for (MergedBitmap bitmap : merged) {
            for (long size : new long[] {own.header().virtualSizeBytes(), finalSizeBytes}) {
                int clusterBytes = own.header().geometry().clusterBytes();
                long dataBytes = bitmap.form().tableEntries(size, clusterBytes) * clusterBytes;
                if (dataBytes == 0 || dataBytes > BitmapEntry.MAX_DATA_BYTES) {
                    throw unsupported("a bitmap like '" + bitmap.form().name() + "' for " + size + " bytes would take "
                            + dataBytes + " bytes, which is out of QEMU's range");
                }
            }
            stored(bitmap);
        }
        if (merged.size() > BitmapsExtension.MAX_COUNT) {
            throw unsupported(merged.size() + " persistent bitmaps would come together in it");
        }
    }

    /** How many clusters of the target they take at most while it gets them, and again while its disk becomes {@code finalSizeBytes} long. */
    long clusters(long finalSizeBytes) throws ImageException {
        Source own = sources.get(chain.target());
        if (own == null) {
            return 0;
        }
        Geometry geometry = own.header().geometry();
        long clusters = 0;
        for (MergedBitmap bitmap : merged()) {
            for (long size : new long[] {own.header().virtualSizeBytes(), finalSizeBytes}) {
                long entries = bitmap.form().tableEntries(size, geometry.clusterBytes());
                clusters += entries
                        + geometry.clusters(entries * Long.BYTES)
                        + geometry.clusters(bitmap.form().encode().remaining());
            }
        }
        return clusters;
    }

    /** Whether the target will hold any. */
    boolean areThere() throws ImageException {
        return !merged().isEmpty();
    }

    /**
     * Gives the target, which has the mark of a half-merged image, its bitmaps, durably, before its data change. Done again, bits are only
     * added.
     */
    void begin(OpenChain open) throws IOException {
        List<BitmapWriter.Wanted> wanted = new ArrayList<>();
        for (MergedBitmap bitmap : merged()) {
            List<BitmapBits> bits = stored(bitmap);
            for (MergedBitmap.Part part : bitmap.parts()) {
                if (part.bitmap().isEnabled() && part.layer() < chain.hi()) {
                    bits.add(new ChangedRanges(
                            open.layer(part.layer()),
                            layersAbove(open, part.layer()),
                            bitmap.form().granularityBits()));
                }
            }
            wanted.add(new BitmapWriter.Wanted(bitmap.form(), bits));
        }
        if (!wanted.isEmpty()) {
            BitmapWriter.replace(file, wanted, HeaderFile.read(file).virtualSizeBytes(), UnaryOperator.identity());
        }
    }

    /** Makes the last change of the target's header; where that changes the disk's size, also that of its bitmaps. */
    static void resize(JobChain chain, OpenFiles files, long newSizeBytes, UnaryOperator<HeaderEdit> change)
            throws IOException {
        ImageFile target = files.get(chain.job().target());
        Header header = HeaderFile.read(target);
        if (header.bitmaps().isEmpty() || header.virtualSizeBytes() == newSizeBytes) {
            HeaderFile.edit(target, change);
            return;
        }
        CommitBitmaps bitmaps = new CommitBitmaps(chain, files::has, files);
        List<BitmapWriter.Wanted> wanted = new ArrayList<>();
        for (MergedBitmap bitmap : MergedBitmap.of(bitmaps.holders, false)) {
            List<BitmapBits> bits = bitmaps.stored(bitmap);
            if (bitmap.form().isEnabled()) {
                long firstGrown = header.virtualSizeBytes() >> bitmap.form().granularityBits();
                bits.add(window -> window.set(firstGrown, Long.MAX_VALUE));
            }
            wanted.add(new BitmapWriter.Wanted(bitmap.form(), bits));
        }
        bitmaps.replace(wanted, newSizeBytes, change);
    }

    private List<MergedBitmap> merged() throws ImageException {
        return MergedBitmap.of(holders, !chain.keepsLayers());
    }

    /** What its parts set; nothing, and it means nothing, if one of them is inconsistent. */
    private List<BitmapBits> stored(MergedBitmap bitmap) throws IOException {
        List<BitmapBits> bits = new ArrayList<>();
        if (bitmap.form().isInUse()) {
            return bits;
        }
        for (MergedBitmap.Part part : bitmap.parts()) {
            Source source = sources.get(part.layer());
            if (source != null) {
                bits.add(StoredBitmap.open(
                        source.file(),
                        source.header(),
                        part.bitmap(),
                        bitmap.form().granularityBits()));
            }
        }
        return bits;
    }

    private List<Layer> layersAbove(OpenChain open, int layer) {
        List<Layer> above = new ArrayList<>();
        for (int i = layer + 1; i <= chain.hi(); i++) {
            above.add(open.layer(i));
        }
        return above;
    }

    private void replace(List<BitmapWriter.Wanted> wanted, long sizeBytes, UnaryOperator<HeaderEdit> change)
            throws IOException {
        if (wanted.isEmpty()) {
            HeaderFile.edit(file, change);
        } else {
            BitmapWriter.replace(file, wanted, sizeBytes, change);
        }
    }

    private ImageException unsupported(String what) {
        return new ImageException(
                ErrorKind.UNSUPPORTED_FEATURE, target.toString(), what, "pull instead, or remove the bitmaps");
    }
}
