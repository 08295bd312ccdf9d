package io.planish.plan;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Byte counts as people read and write them: {@code 603.0 MiB}, {@code 20G}. */
public final class Bytes {
    private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private static final Pattern TEXT = Pattern.compile("([0-9]{1,18})([KMGTPE]?)(i?B)?", Pattern.CASE_INSENSITIVE);

    private Bytes() {}

    /**
     * Reads a count of bytes, with K, M, G, T, P or E for a power of 1024.
     *
     * @throws IllegalArgumentException if it is none, or more than 2^63 - 1
     */
    public static long parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no size such as 500M or 20G");
        }
        int unit = matcher.group(2).isEmpty()
                ? 0
                : 1 + "KMGTPE".indexOf(matcher.group(2).toUpperCase(Locale.ROOT));
        try {
            return Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << 10 * unit);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("'" + text + "' is too large a size", e);
        }
    }

    public static String text(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double value = bytes / 1024.0;
        int unit = 0;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }
}
