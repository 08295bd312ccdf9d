package io.planish.engine;

import io.planish.job.Verify;
import java.time.Duration;

/**
 * How jobs are carried out.
 *
 * @param verify what is checked before a job's links change
 * @param delete whether left-over files are removed at once instead of going to the trash
 * @param batchBytes data written between two points at which a job can stop and resume
 * @param lockWait how long to wait for another attempt's locks before giving the attempt up
 */
public record EngineOptions(Verify verify, boolean delete, long batchBytes, Duration lockWait) {

    public static final EngineOptions DEFAULT =
            new EngineOptions(Verify.FULL, false, 64L << 20, Duration.ofSeconds(30));
}
