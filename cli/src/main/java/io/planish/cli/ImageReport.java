package io.planish.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.planish.job.Json;
import io.planish.qcow2.Features;
import io.planish.qcow2.Header;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;

/** What {@code qemu-img info} says of one image, in its words. */
final class ImageReport {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private static final long SECTOR_BYTES = 512;

    private final LocalChain.Link image;
    private final Optional<Header> header;
    private final DirectoryReport directories;

    ImageReport(LocalChain.Link image, DirectoryReport directories) {
        this.image = image;
        this.directories = directories;
        this.header = image.header();
    }

    void print(PrintWriter out) {
        out.println("image: " + image.name());
        out.println("file format: " + image.format());
        out.println("virtual size: " + size(virtualSize()) + " (" + virtualSize() + " bytes)");
        out.println("disk size: " + size(image.status().allocatedBytes()));
        header.ifPresent(h -> {
            if (h.encryptionMethod() != 0) {
                out.println("encrypted: yes");
            }
            out.println("cluster_size: " + h.geometry().clusterBytes());
            h.backing().ifPresent(backing -> {
                String full = image.backingName().orElse("");
                out.println("backing file: " + backing.name()
                        + (full.equals(backing.name()) ? "" : " (actual path: " + full + ")"));
                backing.format().ifPresent(format -> out.println("backing file format: " + format));
            });
            directories.printSnapshots(out);
            out.println("Format specific information:");
            out.println("    compat: " + compat(h));
            out.println("    compression type: " + compression(h));
            if (h.version() >= 3) {
                out.println("    lazy refcounts: " + h.hasLazyRefcounts());
            }
            directories.printBitmaps(out);
            out.println("    refcount bits: " + h.geometry().refcountBits());
            if (h.version() >= 3) {
                out.println("    corrupt: " + h.isCorrupt());
                out.println("    extended l2: " + hasExtendedL2(h));
            }
        });
    }

    ObjectNode json() {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("filename", image.name()).put("format", image.format());
        json.put("virtual-size", virtualSize())
                .put("actual-size", image.status().allocatedBytes());
        json.put("dirty-flag", header.map(Header::isDirty).orElse(false));
        header.ifPresent(h -> {
            if (h.encryptionMethod() != 0) {
                json.put("encrypted", true);
            }
            json.put("cluster-size", h.geometry().clusterBytes());
            h.backing().ifPresent(backing -> {
                json.put("backing-filename", backing.name());
                json.put("full-backing-filename", image.backingName().orElse(""));
                backing.format().ifPresent(format -> json.put("backing-filename-format", format));
            });
            directories.putSnapshots(json);
            ObjectNode data =
                    json.putObject("format-specific").put("type", "qcow2").putObject("data");
            data.put("compat", compat(h)).put("compression-type", compression(h));
            directories.putBitmaps(data);
            data.put("refcount-bits", h.geometry().refcountBits());
            if (h.version() >= 3) {
                data.put("lazy-refcounts", h.hasLazyRefcounts());
                data.put("corrupt", h.isCorrupt());
                data.put("extended-l2", hasExtendedL2(h));
            }
        });
        return json;
    }

    private long virtualSize() {
        return header.map(Header::virtualSizeBytes)
                .orElse(Math.ceilDiv(image.status().sizeBytes(), SECTOR_BYTES) * SECTOR_BYTES);
    }

    private static boolean hasExtendedL2(Header header) {
        return (header.incompatibleFeatures() & Features.EXTENDED_L2) != 0;
    }

    private static String compat(Header header) {
        return header.version() >= 3 ? "1.1" : "0.10";
    }

    private static String compression(Header header) {
        return switch (header.compressionType()) {
            case Header.DEFLATE -> "zlib";
            case Header.ZSTD -> "zstd";
            default -> "type " + header.compressionType();
        };
    }

    /** As C prints a number with so many decimals: halves go to the even digit. */
    static String fixed(double value, int decimals) {
        return new BigDecimal(value).setScale(decimals, RoundingMode.HALF_EVEN).toPlainString();
    }

    /** Three significant digits, as {@code qemu-img} has them: {@code 1.5 GiB}, {@code 196 KiB}. */
    static String size(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 1000 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
        String digits = fixed(value, decimals);
        return (decimals == 0 ? digits : digits.replaceAll("0+$", "").replaceAll("\\.$", "")) + " " + UNITS[unit];
    }
}
