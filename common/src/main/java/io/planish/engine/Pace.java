package io.planish.engine;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Holds a merge to its attempt's bytes per second, evenly: what was not used of a second is lost. One thread.
 */
final class Pace {
    private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    /** How many steps a second a bounded merge is cut into. */
    private static final int STEPS_PER_SECOND = 8;

    private final Attempt attempt;
    private long dueNanos = System.nanoTime();

    Pace(Attempt attempt) {
        this.attempt = attempt;
    }

    /** The longest step that keeps the pace even; at most {@code bytes}. */
    long stepBytes(long bytes) {
        return Math.min(bytes, Math.max(1, attempt.bytesPerSecond() / STEPS_PER_SECOND));
    }

    /** Returns when so many bytes more were due to be written, or at once when {@code hurry} says so. */
    void spend(long bytes, BooleanSupplier hurry) {
        long rate = attempt.bytesPerSecond();
        if (rate == Long.MAX_VALUE || bytes == 0) {
            return;
        }
        dueNanos = Math.max(dueNanos, System.nanoTime() - NAP_NANOS) + (long) (bytes * 1e9 / rate);
        for (long left = dueNanos - System.nanoTime(); left > 0 && !hurry.getAsBoolean(); ) {
            try {
                TimeUnit.NANOSECONDS.sleep(Math.min(left, NAP_NANOS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            left = dueNanos - System.nanoTime();
        }
    }
}
