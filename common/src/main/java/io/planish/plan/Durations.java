package io.planish.plan;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Spans of time as people write them: {@code 7d}, {@code 36h}, {@code 90m}, {@code 30s}, {@code 2w}. */
public final class Durations {
    private static final Pattern TEXT = Pattern.compile("([0-9]{1,9})([smhdw])");
    private static final Map<String, Duration> UNITS = Map.of(
            "s", Duration.ofSeconds(1),
            "m", Duration.ofMinutes(1),
            "h", Duration.ofHours(1),
            "d", Duration.ofDays(1),
            "w", Duration.ofDays(7));

    private Durations() {}

    /** @throws IllegalArgumentException if it is none */
    public static Duration parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (text.strip().equals("0")) {
            return Duration.ZERO;
        }
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no span of time such as 7d, 36h, 90m or 30s");
        }
        return UNITS.getOrDefault(matcher.group(2), Duration.ZERO).multipliedBy(Long.parseLong(matcher.group(1)));
    }

    /** In the largest unit that loses nothing, up to days. */
    public static String text(Duration duration) {
        long seconds = duration.toSeconds();
        if (seconds != 0 && seconds % 86400 == 0) {
            return seconds / 86400 + "d";
        }
        if (seconds != 0 && seconds % 3600 == 0) {
            return seconds / 3600 + "h";
        }
        return seconds != 0 && seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }
}
