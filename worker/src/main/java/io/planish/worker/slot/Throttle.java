package io.planish.worker.slot;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Holds a job to its share of a pool's bytes per second, by pausing it between batches. Used by one thread. */
final class Throttle {
    private static final Duration NAP = Duration.ofMillis(100);

    private final long bytesPerSecond;
    private final long startNanos = System.nanoTime();

    /** @param bytesPerSecond more than 0; {@link Long#MAX_VALUE}: no bound */
    Throttle(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Returns when {@code bytesSoFar} are within the rate since the start, or at once if {@code hurry} says so. */
    void pace(long bytesSoFar, BooleanSupplier hurry) {
        double dueNanos = (double) bytesSoFar / bytesPerSecond * 1e9;
        while (System.nanoTime() - startNanos < dueNanos && !hurry.getAsBoolean()) {
            try {
                Thread.sleep(NAP);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
