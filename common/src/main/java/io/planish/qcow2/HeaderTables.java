package io.planish.qcow2;

import static io.planish.qcow2.Malformed.hex;

import io.planish.ImageException;
import java.util.ArrayList;
import java.util.List;

/** Checks the tables that a header names: sizes within limits, aligned, inside the file, apart from each other. */
final class HeaderTables {
    private HeaderTables() {}

    static void check(Header header, long fileSizeBytes) throws ImageException {
        checkSizes(header);
        checkPlaces(header, fileSizeBytes);
    }

    private static void checkSizes(Header header) throws ImageException {
        Geometry geometry = header.geometry();
        if (header.virtualSizeBytes() < 0) {
            throw Malformed.at(
                    HeaderLayout.VIRTUAL_SIZE, "virtual size", hex(header.virtualSizeBytes()), "less than 2^63");
        }
        int l1Entries = header.l1Entries();
        if (l1Entries < 0 || l1Entries > Header.MAX_L1_ENTRIES) {
            throw Malformed.at(
                    HeaderLayout.L1_ENTRIES,
                    "L1 table's entry count",
                    Integer.toUnsignedString(l1Entries),
                    "at most " + Header.MAX_L1_ENTRIES);
        }
        long needed = geometry.l1Entries(header.virtualSizeBytes());
        if (l1Entries < needed) {
            throw Malformed.at(
                    HeaderLayout.L1_ENTRIES,
                    "L1 table's entry count",
                    "" + l1Entries,
                    "at least " + needed + " for the virtual size");
        }
        int refcountClusters = header.refcountTableClusters();
        if (refcountClusters <= 0
                || (long) refcountClusters << geometry.clusterBits() > Header.MAX_REFCOUNT_TABLE_BYTES) {
            throw Malformed.at(
                    HeaderLayout.REFCOUNT_TABLE_CLUSTERS,
                    "refcount table's cluster count",
                    Integer.toUnsignedString(refcountClusters),
                    "1 to " + (Header.MAX_REFCOUNT_TABLE_BYTES >> geometry.clusterBits()));
        }
        int snapshots = header.snapshotCount();
        if (snapshots < 0 || snapshots > Header.MAX_SNAPSHOTS) {
            throw Malformed.at(
                    HeaderLayout.SNAPSHOT_COUNT,
                    "internal snapshot count",
                    Integer.toUnsignedString(snapshots),
                    "at most " + Header.MAX_SNAPSHOTS);
        }
    }

    private static void checkPlaces(Header header, long fileSizeBytes) throws ImageException {
        Geometry geometry = header.geometry();
        List<Area> areas = new ArrayList<>();
        areas.add(new Area("header", 0, 1));
        areas.add(new Area("L1 table", header.l1Offset(), (long) header.l1Entries() * Long.BYTES));
        areas.add(new Area("refcount table", header.refcountTableOffset(), header.refcountTableBytes()));
        areas.add(new Area(
                "snapshot table",
                header.snapshotTableOffset(),
                (long) header.snapshotCount() * SnapshotEntry.HEAD_BYTES));
        header.bitmaps()
                .ifPresent(b -> areas.add(new Area("bitmap directory", b.directoryOffset(), b.directoryBytes())));
        areas.removeIf(a -> a.lengthBytes == 0);
        for (int i = 1; i < areas.size(); i++) {
            Area area = areas.get(i);
            checkRange(area.name, area.offset, area.lengthBytes, geometry, fileSizeBytes);
            for (Area other : areas.subList(0, i)) {
                if (area.offset < geometry.roundUp(other.offset + other.lengthBytes)
                        && other.offset < geometry.roundUp(area.offset + area.lengthBytes)) {
                    throw Malformed.file(area.name + " at " + hex(area.offset) + " overlaps the " + other.name + " at "
                            + hex(other.offset));
                }
            }
        }
    }

    private record Area(String name, long offset, long lengthBytes) {}

    /** A table starts at a cluster behind the header and ends in the file, whose last cluster may be there in part. */
    static void checkRange(String what, long offset, long lengthBytes, Geometry geometry, long fileSizeBytes)
            throws ImageException {
        if (offset <= 0 || !geometry.isAligned(offset)) {
            throw Malformed.file(what + "'s offset is " + hex(offset)
                    + ", expected a multiple of the cluster size behind the header");
        }
        long end = geometry.roundUp(fileSizeBytes);
        if (offset >= fileSizeBytes || lengthBytes > end - offset) {
            throw Malformed.file(what + " at " + hex(offset) + " of " + lengthBytes + " bytes ends beyond the file's "
                    + hex(fileSizeBytes) + " bytes");
        }
    }
}
