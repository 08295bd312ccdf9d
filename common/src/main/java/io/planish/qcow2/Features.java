package io.planish.qcow2;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.util.ArrayList;
import java.util.List;

/** The feature bits of version 3 headers, and which images can be worked on. */
public final class Features {
    /** Incompatible: refcounts may be wrong and are rebuilt before anything is written. */
    public static final long DIRTY = 1;
    /** Incompatible: any structure may be damaged. */
    public static final long CORRUPT = 1 << 1;
    /** Incompatible: guest data is in another file. */
    public static final long EXTERNAL_DATA = 1 << 2;
    /** Incompatible: the compression type is not deflate. */
    public static final long COMPRESSION_TYPE = 1 << 3;
    /** Incompatible: L2 entries have 128 bits and subclusters. */
    public static final long EXTENDED_L2 = 1 << 4;
    /** Compatible: refcounts may be written lazily. */
    public static final long LAZY_REFCOUNTS = 1;
    /** Autoclear: the bitmaps extension is consistent. */
    public static final long BITMAPS = 1;

    private static final long KNOWN_INCOMPATIBLE = DIRTY | CORRUPT | EXTERNAL_DATA | COMPRESSION_TYPE | EXTENDED_L2;

    private Features() {}

    /** Why an image with this well-formed header cannot be worked on, each reason a phrase; empty: it can. */
    static List<String> unsupported(Header header) {
        List<String> reasons = new ArrayList<>();
        long incompatible = header.incompatibleFeatures();
        if (Marks.isPoisoned(header)) {
            reasons.add(Marks.POISONED);
        }
        if ((incompatible & CORRUPT) != 0) {
            reasons.add("marked corrupt");
        }
        switch (header.encryptionMethod()) {
            case 0 -> {}
            case 1 -> reasons.add("encrypted (AES)");
            default -> reasons.add("encrypted (LUKS)");
        }
        if ((incompatible & EXTERNAL_DATA) != 0) {
            reasons.add("external data file");
        }
        if (header.compressionType() > Header.ZSTD) {
            reasons.add("compression type " + header.compressionType());
        }
        long unknown = incompatible & ~KNOWN_INCOMPATIBLE & ~Marks.POISON_BIT;
        if (unknown != 0) {
            reasons.add(
                    "unknown feature " + String.join(", ", FeatureNames.incompatible(unknown, header.extensions())));
        }
        return reasons;
    }

    static void requireSupported(Header header) throws ImageException {
        List<String> reasons = unsupported(header);
        if (!reasons.isEmpty()) {
            String advice =
                    (header.incompatibleFeatures() & CORRUPT) != 0 ? "repair it with qemu-img check -r all" : "";
            throw new ImageException(
                    ErrorKind.UNSUPPORTED_FEATURE, "not supported: " + String.join("; ", reasons), advice);
        }
    }
}
