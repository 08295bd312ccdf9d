package io.planish.engine;

import io.planish.job.Verify;
import java.time.Duration;

/**
 * How jobs are carried out.
 *
 * @param verify what is checked before a job's links change
 * @param grace how long left-over files are to stay in the trash; zero: they are removed at once
 * @param batchBytes data written at most between two points at which a job can stop; while one batch is copied the one before is verified, and the checkpoint of the one
 *     before that may not be durable yet, so what a kill costs is at most {@link #BATCHES_A_KILL_COSTS} of them
 * @param lockWait how long to wait for another attempt's locks before giving the attempt up
 * @param threads how many threads copy at once; 1: all is done by the thread that carries the job out
 */
public record EngineOptions(Verify verify, Duration grace, long batchBytes, Duration lockWait, int threads) {

    /** At most. */
    public static final int BATCHES_A_KILL_COSTS = 3;

    public static final EngineOptions DEFAULT =
            new EngineOptions(Verify.FULL, Duration.ofDays(7), 256L << 20, Duration.ofSeconds(30), 2);

    public EngineOptions verifying(Verify how) {
        return new EngineOptions(how, grace, batchBytes, lockWait, threads);
    }

    public EngineOptions keepingLeftovers(Duration time) {
        return new EngineOptions(verify, time, batchBytes, lockWait, threads);
    }

    public EngineOptions inBatchesOf(long bytes) {
        return new EngineOptions(verify, grace, bytes, lockWait, threads);
    }
}
