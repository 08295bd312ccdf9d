package io.planish.cli;

/** Whoever is told how far a job has come: guest bytes settled, of all, and bytes written. Called from the job's thread. */
@FunctionalInterface
interface ProgressSink {
    void show(long done, long total, long bytesWritten);
}
