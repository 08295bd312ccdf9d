package io.planish.image;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.image.MetadataWalk.Use;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.qcow2.L1Entry;
import io.planish.qcow2.L2Entry;
import io.planish.storage.ImageFile;
import java.io.IOException;
import java.util.List;

/**
 * Compares what an image's tables refer to with its refcounts, as {@code qemu-img check} does, and finds clusters with two uses
 * that exclude each other. Memory is bounded, whatever the file's size. The image must not change meanwhile.
 */
public final class MetadataCheck {
    private final ImageFile file;
    private final Header header;
    private final Geometry geometry;
    private final long fileSizeBytes;
    private final int windowClusters;
    private final RefcountReader refcounts;
    private final Findings findings = new Findings();
    private final Fragments fragments = new Fragments();
    private long highestCluster;

    private MetadataCheck(ImageFile file, Header header, int windowClusters) throws IOException {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.fileSizeBytes = file.sizeBytes();
        this.windowClusters = windowClusters;
        this.refcounts = new RefcountReader(file, geometry, header.refcountTableOffset(), header.refcountTableBytes());
    }

    /**
     * What a check found; the counts mean what {@code qemu-img check --output=json} means by them.
     *
     * @param corruptions all errors, refcount errors included
     * @param refcountErrors errors that rebuilding the refcounts puts right: refcounts lower than the references, COPIED flags
     *     where the refcount is not one
     * @param missingFlags COPIED flags that lack: an error that costs a copy and harms nothing
     * @param leaks clusters whose refcount is higher than their references: space is lost, nothing else
     * @param totalClusters guest clusters
     * @param allocatedClusters those with a place in the file
     * @param fragmentedClusters those that do not follow the one before them, and all compressed ones
     * @param imageEndOffset end of the last cluster in use, in bytes
     * @param messages the first findings in words
     */
    public record Result(
            long corruptions,
            long refcountErrors,
            long missingFlags,
            long leaks,
            long totalClusters,
            long allocatedClusters,
            long fragmentedClusters,
            long compressedClusters,
            long imageEndOffset,
            List<String> messages) {

        /** Whether nothing was found, not even a leak. */
        public boolean isClean() {
            return corruptions == 0 && leaks == 0;
        }
    }

    /**
     * Checks an image; changes nothing.
     *
     * @throws ImageException if the header cannot be used, or {@code UNSUPPORTED_FEATURE}; an image marked corrupt can be checked
     */
    public static Result run(ImageFile file, String name) throws IOException {
        return run(file, name, ReferenceWindow.CLUSTERS);
    }

    static Result run(ImageFile file, String name, int windowClusters) throws IOException {
        return new MetadataCheck(file, checkableHeader(file, name), windowClusters).run();
    }

    /**
     * Fails if the tables hold an error that could harm. Leaks and missing COPIED flags are none, nor are refcount errors while
     * the dirty bit announces them; {@link #repair} puts all these right.
     *
     * @throws ImageException {@code MALFORMED_IMAGE}, with the first error
     */
    public static void requireSound(ImageFile file, String name) throws IOException {
        sound(file, checkableHeader(file, name), name);
    }

    private static Result sound(ImageFile file, Header header, String name) throws IOException {
        Result result = new MetadataCheck(file, header, ReferenceWindow.CLUSTERS).run();
        long errors = result.corruptions() - result.missingFlags() - (header.isDirty() ? result.refcountErrors() : 0);
        if (errors > 0) {
            throw new ImageException(
                    ErrorKind.MALFORMED_IMAGE,
                    name,
                    errors + " errors in its tables, first: "
                            + result.messages().getFirst(),
                    "look at it with qemu-img check");
        }
        return result;
    }

    /**
     * Gives leaked clusters back and sets missing COPIED flags; rebuilds the refcounts of an image whose dirty bit is set. Durable on return; a crash
     * on the way leaves the content as it is and the image repairable. The caller holds the image's lock.
     *
     * @throws ImageException {@code MALFORMED_IMAGE} if there are other errors; nothing is changed then
     */
    public static void repair(ImageFile file, String name) throws IOException {
        Header header = checkableHeader(file, name);
        Result result = sound(file, header, name);
        try {
            HeaderFile.beginWriting(file);
            if (header.isDirty()) {
                RefcountRebuild.run(file, header);
            } else if (result.leaks() > 0 || result.missingFlags() > 0) {
                RefcountRepair.repairLeaks(file, header);
            }
            RefcountTail.clear(file, header);
        } catch (ImageException e) {
            throw e.at(name);
        }
    }

    static Header checkableHeader(ImageFile file, String name) throws IOException {
        Header header = Images.header(file, name);
        if (header.unsupported().size() > (header.isCorrupt() ? 1 : 0)) {
            try {
                header.requireSupported();
            } catch (ImageException e) {
                throw e.at(name);
            }
        }
        return header;
    }

    private Result run() throws IOException {
        long clusters = geometry.clusters(fileSizeBytes);
        for (long first = 0; first < clusters; first += windowClusters) {
            int length = (int) Math.min(windowClusters, clusters - first);
            ReferenceWindow window = new ReferenceWindow(
                    geometry.clusterBits(), first, length, c -> findings.overlap(c, geometry.clusterBits()));
            new MetadataWalk(file, header, fileSizeBytes, first == 0 ? new FirstPass(window) : window).run();
            compare(window);
        }
        return new Result(
                findings.structural() + findings.refcounts() + findings.missingFlags(),
                findings.refcounts(),
                findings.missingFlags(),
                findings.leaks(),
                geometry.clusters(header.virtualSizeBytes()),
                fragments.allocated,
                fragments.fragmented,
                fragments.compressed,
                (highestCluster + 1) << geometry.clusterBits(),
                findings.messages());
    }

    private void compare(ReferenceWindow window) throws IOException {
        for (int i = 0; i < window.size(); i++) {
            long cluster = window.first() + i;
            long refcount = refcounts.get(cluster);
            long references = window.count(i);
            if (refcount != references) {
                findings.refcount(cluster, geometry.clusterBits(), refcount, references);
            }
            if (refcount != 0 || references != 0) {
                highestCluster = cluster;
            }
        }
    }

    /** What is looked at once, whatever the number of windows: soundness, COPIED flags, fragments. */
    private final class FirstPass implements MetadataWalk.Visitor {
        private final ReferenceWindow window;

        FirstPass(ReferenceWindow window) {
            this.window = window;
        }

        @Override
        public void reference(Use use, long offset, long lengthBytes) {
            window.reference(use, offset, lengthBytes);
        }

        @Override
        public void l1Entry(long entryOffset, long entry) throws IOException {
            fragments.nextTable();
            copied(entryOffset, L1Entry.l2Offset(entry), L1Entry.isCopied(entry));
        }

        @Override
        public void l2Entry(long entryOffset, long entry, L2Entry.Kind kind) throws IOException {
            switch (kind) {
                case UNALLOCATED, ZERO_PLAIN -> {}
                case COMPRESSED -> fragments.compressed();
                case ZERO_ALLOCATED, STANDARD -> {
                    fragments.allocated(L2Entry.hostOffset(entry), geometry.clusterBytes());
                    copied(entryOffset, L2Entry.hostOffset(entry), L2Entry.isCopied(entry));
                }
            }
        }

        private void copied(long entryOffset, long hostOffset, boolean copied) throws IOException {
            long refcount = refcounts.get(geometry.clusterIndex(hostOffset));
            if (copied != (refcount == 1)) {
                findings.copiedFlag(entryOffset, refcount, copied);
            }
        }

        @Override
        public void unsound(ImageException what) {
            findings.unsound(what);
        }
    }

    /** How scattered the active clusters are, counted as QEMU counts: within each L2 table. */
    private static final class Fragments {
        private long allocated;
        private long fragmented;
        private long compressed;
        private long expected;

        void nextTable() {
            expected = 0;
        }

        void allocated(long hostOffset, int clusterBytes) {
            allocated++;
            if (expected != 0 && hostOffset != expected) {
                fragmented++;
            }
            expected = hostOffset + clusterBytes;
        }

        void compressed() {
            allocated++;
            compressed++;
            fragmented++;
        }
    }
}
