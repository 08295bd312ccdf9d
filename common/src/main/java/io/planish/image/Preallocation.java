package io.planish.image;

import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;
import io.planish.storage.ImageFile;
import java.io.IOException;

/** Tells whether an image has clusters that were given out before anything was written to them, by QEMU's own estimate. */
final class Preallocation {
    private Preallocation() {}

    /** Whether clearly more clusters are in use by the refcounts than the file takes on disk. */
    static boolean isLikely(ImageFile file, Header header) throws IOException {
        Geometry geometry = header.geometry();
        long onDisk = file.status().allocatedBytes() >>> geometry.clusterBits();
        long enough = Math.max(onDisk * 10 / 9, onDisk + 2);
        RefcountReader refcounts =
                new RefcountReader(file, geometry, header.refcountTableOffset(), header.refcountTableBytes());
        long used = 0;
        long clusters = geometry.clusters(file.sizeBytes());
        for (long cluster = 0; cluster < clusters && used < enough; cluster++) {
            used += refcounts.get(cluster) == 0 ? 0 : 1;
        }
        return used >= enough;
    }
}
