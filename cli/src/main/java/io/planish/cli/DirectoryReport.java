package io.planish.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.ImageException;
import io.planish.image.Directories;
import io.planish.qcow2.BitmapEntry;
import io.planish.qcow2.Header;
import io.planish.qcow2.SnapshotEntry;
import io.planish.storage.ImageFile;
import io.planish.storage.Storage;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What {@code qemu-img info} says of an image's internal snapshots and bitmaps, in its words; nothing where there are none. */
record DirectoryReport(List<SnapshotEntry> snapshots, List<BitmapEntry> bitmaps) {
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());
    private static final long NANOS = 1_000_000_000;

    static DirectoryReport of(Storage storage, LocalChain.Link image) throws IOException {
        if (image.header().isEmpty()) {
            return new DirectoryReport(List.of(), List.of());
        }
        Header header = image.header().get();
        try (ImageFile file = storage.open(image.path(), Storage.OpenMode.READ)) {
            return new DirectoryReport(
                    Directories.snapshots(file, header).entries(), Directories.bitmaps(file, header));
        } catch (ImageException e) {
            throw e.at(image.name());
        }
    }

    void printSnapshots(PrintWriter out) {
        if (snapshots.isEmpty()) {
            return;
        }
        out.println("Snapshot list:");
        out.println(row("%-10s%-17s%8s%20s%13s%11s", "ID", "TAG", "VM SIZE", "DATE", "VM CLOCK", "ICOUNT"));
        for (SnapshotEntry s : snapshots) {
            out.println(row(
                    "%-9s %-16s %8s%20s%13s%11s",
                    printable(s.id()),
                    printable(s.name()),
                    ImageReport.size(s.vmStateBytes()),
                    DATE.format(Instant.ofEpochSecond(s.dateSeconds())),
                    clock(s.vmClockNanos()),
                    s.instructionCount() == SnapshotEntry.NO_COUNT ? "" : s.instructionCount()));
        }
    }

    void printBitmaps(PrintWriter out) {
        if (bitmaps.isEmpty()) {
            return;
        }
        out.println("    bitmaps:");
        for (int i = 0; i < bitmaps.size(); i++) {
            BitmapEntry bitmap = bitmaps.get(i);
            List<String> flags = flags(bitmap);
            out.println("        [" + i + "]:");
            out.println("            flags:");
            for (int f = 0; f < flags.size(); f++) {
                out.println("                [" + f + "]: " + flags.get(f));
            }
            out.println("            name: " + printable(bitmap.name()));
            out.println("            granularity: " + granularity(bitmap));
        }
    }

    void putSnapshots(ObjectNode image) {
        if (snapshots.isEmpty()) {
            return;
        }
        ArrayNode all = image.putArray("snapshots");
        for (SnapshotEntry s : snapshots) {
            ObjectNode one = all.addObject();
            if (s.instructionCount() != SnapshotEntry.NO_COUNT) {
                one.put("icount", s.instructionCount());
            }
            one.put("vm-clock-nsec", s.vmClockNanos() % NANOS)
                    .put("name", s.name())
                    .put("date-sec", s.dateSeconds())
                    .put("date-nsec", s.dateNanos())
                    .put("vm-clock-sec", s.vmClockNanos() / NANOS)
                    .put("id", s.id())
                    .put("vm-state-size", s.vmStateBytes());
        }
    }

    void putBitmaps(ObjectNode data) {
        if (bitmaps.isEmpty()) {
            return;
        }
        ArrayNode all = data.putArray("bitmaps");
        for (BitmapEntry bitmap : bitmaps) {
            ObjectNode one = all.addObject();
            ArrayNode flags = one.putArray("flags");
            flags(bitmap).forEach(flags::add);
            one.put("name", bitmap.name()).put("granularity", granularity(bitmap));
        }
    }

    private static List<String> flags(BitmapEntry bitmap) {
        List<String> flags = new ArrayList<>();
        if (bitmap.isInUse()) {
            flags.add("in-use");
        }
        if (bitmap.isEnabled()) {
            flags.add("auto");
        }
        return flags;
    }

    /** A guest may have written the name; a terminal must not obey it. */
    private static String printable(String name) {
        return name.replaceAll("\\p{C}", "?");
    }

    private static long granularity(BitmapEntry bitmap) {
        return 1L << bitmap.granularityBits();
    }

    private static String clock(long nanos) {
        long millis = nanos / 1_000_000;
        return row("%02d:%02d:%02d.%03d", millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60, millis % 1000);
    }

    private static String row(String format, Object... cells) {
        return String.format(Locale.ROOT, format, cells);
    }
}
