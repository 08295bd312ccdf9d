package io.planish.cli;

import java.util.Locale;

/** Sizes for people. */
final class Bytes {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Bytes() {}

    /** Three significant digits and a binary unit, as {@code qemu-img} writes sizes: {@code 1.5 GiB}, {@code 196 KiB}. */
    static String text(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 999.5 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        String digits = value >= 99.95 || unit == 0
                ? String.format(Locale.ROOT, "%.0f", value)
                : value >= 9.995
                        ? String.format(Locale.ROOT, "%.1f", value)
                        : String.format(Locale.ROOT, "%.2f", value);
        return (digits.contains(".") ? digits.replaceAll("0+$", "").replaceAll("\\.$", "") : digits) + " "
                + UNITS[unit];
    }
}
