package io.planish.job;

/** How far a running job is, told now and then; nothing is decided from it. */
public record ProgressReport(
        int version, String run, String job, long epoch, String worker, Progress progress, long timeMillis) {
    public static final int VERSION = 1;
}
