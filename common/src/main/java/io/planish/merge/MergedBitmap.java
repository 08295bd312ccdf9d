package io.planish.merge;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.qcow2.BitmapEntry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A persistent bitmap that a commit's target holds in the end. Bitmaps of one name become one, which sets what any of them sets; an
 * enabled one, which records what is written to its image, also counts as written what the layers above its image bring.
 *
 * @param form all but its place and bits; inconsistent if one of its parts is
 * @param parts the bitmaps it is made of, from the target upwards
 */
public record MergedBitmap(BitmapEntry form, List<Part> parts) {

    public MergedBitmap {
        parts = List.copyOf(parts);
    }

    /** A bitmap of the image {@code layer} of the chain. */
    public record Part(int layer, BitmapEntry bitmap) {}

    /** The image {@code layer} of the chain with its bitmaps. */
    public record Holder(int layer, String image, List<BitmapEntry> bitmaps) {
        public Holder {
            bitmaps = List.copyOf(bitmaps);
        }
    }

    /**
     * @param holders the target and the layers above it, target first
     * @param targetShowsTop whether the target takes the top's place, so that a bitmap is enabled or not and has the granularity
     *     as it is at the top; else the target's own stay as they are
     * @return in the order in which they are met
     * @throws ImageException {@code UNSUPPORTED_FEATURE}, naming image and bitmap, if one is not understood or two of one name do not fit
     */
    public static List<MergedBitmap> of(List<Holder> holders, boolean targetShowsTop) throws ImageException {
        Map<String, MergedBitmap> merged = new LinkedHashMap<>();
        for (Holder holder : holders) {
            for (BitmapEntry bitmap : holder.bitmaps()) {
                if (bitmap.unknown().isPresent()) {
                    throw refused(holder, bitmap, "has " + bitmap.unknown().get());
                }
                Part part = new Part(holder.layer(), bitmap);
                MergedBitmap below = merged.get(bitmap.name());
                merged.put(
                        bitmap.name(),
                        below == null
                                ? new MergedBitmap(bitmap, List.of(part))
                                : below.with(part, holder, targetShowsTop));
            }
        }
        return List.copyOf(merged.values());
    }

    /** @throws ImageException {@code UNSUPPORTED_FEATURE}, naming image and bitmap, if one was not saved correctly */
    public static void requireConsistent(List<Holder> holders) throws ImageException {
        for (Holder holder : holders) {
            for (BitmapEntry bitmap : holder.bitmaps()) {
                if (bitmap.isInUse()) {
                    throw refused(holder, bitmap, "was not saved correctly (in-use) and cannot be carried over");
                }
            }
        }
    }

    private MergedBitmap with(Part part, Holder holder, boolean targetShowsTop) throws ImageException {
        BitmapEntry bitmap = part.bitmap();
        if (!bitmap.extra().equals(form.extra())) {
            throw refused(holder, bitmap, "has other extra data than the one of the same name below it");
        }
        int flags =
                (targetShowsTop ? bitmap.flags() : form.flags()) | (bitmap.flags() | form.flags()) & BitmapEntry.IN_USE;
        List<Part> all = new ArrayList<>(parts);
        all.add(part);
        return new MergedBitmap((targetShowsTop ? bitmap : form).withFlags(flags), all);
    }

    private static ImageException refused(Holder holder, BitmapEntry bitmap, String what) {
        return new ImageException(
                ErrorKind.UNSUPPORTED_FEATURE,
                holder.image(),
                "its persistent bitmap '" + printable(bitmap.name()) + "' " + what,
                "pull instead, or remove it with 'qemu-img bitmap --remove'");
    }

    /** A guest may have written the name; a terminal must not obey it. */
    private static String printable(String name) {
        return name.replaceAll("\\p{C}", "?");
    }
}
