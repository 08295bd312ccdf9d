package io.planish.run;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The hours in which jobs may run, by the clock on a wall of a time zone: {@code 22:00-06:00}, or several spans, each with the days on which
 * it begins, such as {@code mon-fri 22:00-06:00, sat-sun 00:00-24:00}. A span begins with its first minute and ends before its last.
 *
 * @param times the spans, separated by commas
 * @param zone an id of the time zone database; absent: {@code UTC}
 */
public record Window(String times, String zone) {
    private static final Pattern SPAN =
            Pattern.compile("(?:([a-z]{3})(?:-([a-z]{3}))? +)?([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})");
    private static final int HOUR = 60;
    private static final int DAY = 24 * HOUR;

    /** @throws IllegalArgumentException saying what is no span, or no zone */
    public Window {
        zone = zone == null ? "UTC" : zone;
        spans(times);
        try {
            ZoneId.of(zone);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("'" + zone + "' is no time zone such as Europe/Berlin", e);
        }
    }

    public boolean isOpen(Instant now) {
        ZonedDateTime there = now.atZone(ZoneId.of(zone));
        int minute = there.getHour() * HOUR + there.getMinute();
        return spans(times).stream().anyMatch(s -> s.holds(there.getDayOfWeek(), minute));
    }

    private static List<Span> spans(@Nullable String times) {
        List<Span> spans = new ArrayList<>();
        for (String text : (times == null ? "" : times).toLowerCase(Locale.ROOT).split(",", -1)) {
            spans.add(span(text.strip()));
        }
        return spans;
    }

    private static Span span(String text) {
        Matcher matcher = SPAN.matcher(text);
        if (matcher.matches()) {
            int from = minute(matcher.group(3), matcher.group(4));
            int to = minute(matcher.group(5), matcher.group(6));
            if (from < DAY && to <= DAY && from != to) {
                return new Span(days(matcher.group(1), matcher.group(2)), from, to);
            }
        }
        throw new IllegalArgumentException(
                "'" + text + "' is no span of hours such as 22:00-06:00 or mon-fri 22:00-06:00");
    }

    private static int minute(String hours, String minutes) {
        int minute = Integer.parseInt(minutes);
        return minute < HOUR ? Integer.parseInt(hours) * HOUR + minute : Integer.MAX_VALUE;
    }

    private static Set<DayOfWeek> days(@Nullable String first, @Nullable String last) {
        if (first == null) {
            return EnumSet.allOf(DayOfWeek.class);
        }
        DayOfWeek end = day(last == null ? first : last);
        Set<DayOfWeek> days = EnumSet.of(end);
        for (DayOfWeek day = day(first); day != end; day = day.plus(1)) {
            days.add(day);
        }
        return days;
    }

    private static DayOfWeek day(String name) {
        for (DayOfWeek day : DayOfWeek.values()) {
            if (day.name().toLowerCase(Locale.ROOT).startsWith(name)) {
                return day;
            }
        }
        throw new IllegalArgumentException("'" + name + "' is no day (mon, tue, wed, thu, fri, sat, sun)");
    }

    @Override
    public String toString() {
        return times + " " + zone;
    }

    /** One that ends at or before the minute where it begins goes on into the next day. */
    private record Span(Set<DayOfWeek> days, int from, int to) {
        boolean holds(DayOfWeek day, int minute) {
            return from < to
                    ? days.contains(day) && from <= minute && minute < to
                    : days.contains(day) && from <= minute || days.contains(day.minus(1)) && minute < to;
        }
    }
}
