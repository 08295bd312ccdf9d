package io.planish.plan;

import java.util.Comparator;

/**
 * What a way to do something costs; of two the better one writes fewer bytes, else takes fewer jobs, else needs less space meanwhile.
 *
 * @param extraBytes what files grow by, less what they overwrite in place
 */
record Price(long bytes, int jobs, long extraBytes) implements Comparable<Price> {
    static final Price NOTHING = new Price(0, 0, 0);

    private static final Comparator<Price> ORDER =
            Comparator.comparingLong(Price::bytes).thenComparingInt(Price::jobs).thenComparingLong(Price::extraBytes);

    Price plus(Price other) {
        return new Price(
                Math.addExact(bytes, other.bytes), jobs + other.jobs, Math.addExact(extraBytes, other.extraBytes));
    }

    @Override
    public int compareTo(Price other) {
        return ORDER.compare(this, other);
    }
}
