package io.planish.image;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.qcow2.Geometry;
import io.planish.qcow2.Header;

/**
 * How far an image can grow: its refcount table may take {@value Header#MAX_REFCOUNT_TABLE_BYTES} bytes, as QEMU has it. Only images of tiny clusters
 * come near.
 */
public final class RefcountReach {
    private RefcountReach() {}

    /**
     * @param fileBytes how long the file is
     * @param newClusters how many clusters may be taken at most; those of the refcounts themselves are counted here
     * @throws ImageException of kind {@code UNSUPPORTED_FEATURE} if the table may be too small for that
     */
    public static void require(Geometry geometry, long fileBytes, long newClusters) throws ImageException {
        long mostEntries = Header.MAX_REFCOUNT_TABLE_BYTES / Long.BYTES;
        long tableClusters = Header.MAX_REFCOUNT_TABLE_BYTES / geometry.clusterBytes();
        long perBlock = geometry.refcountsPerBlock();
        // a larger table stands, with the blocks that count it, behind all that the old one counts
        long toMove = 2 * (tableClusters / (perBlock - 1) + 1);
        long clusters = Math.addExact(geometry.clusters(fileBytes), newClusters) + 2 * tableClusters;
        long blocks = Math.ceilDiv(clusters, perBlock - 1) + toMove;
        if (blocks > mostEntries) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED_FEATURE,
                    "its refcount table would need " + blocks * Long.BYTES + " bytes, and may have "
                            + Header.MAX_REFCOUNT_TABLE_BYTES,
                    "the file would be too long for clusters of " + geometry.clusterBytes()
                            + " bytes: convert it to larger ones");
        }
    }
}
