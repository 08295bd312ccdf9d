package io.planish.run;

/**
 * How far a schedule is: planned times up to here have led to a run, or to the word that they do not.
 *
 * @param upToMillis in ms since 1970
 */
public record PlannedTime(int version, long upToMillis) {
    public static final int VERSION = 1;

    public static PlannedTime upTo(long millis) {
        return new PlannedTime(VERSION, millis);
    }
}
