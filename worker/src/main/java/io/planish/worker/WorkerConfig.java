package io.planish.worker;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** How this worker works: {@code planish.worker.…}. */
@ConfigMapping(prefix = "planish.worker")
public interface WorkerConfig {
    /** Its name in the ledger and in logs; by default the host's name. Each start adds a random part to tell two starts apart. */
    Optional<String> name();

    /** How many jobs run at once, each on a thread of its own; default 2. */
    @WithDefault("2")
    int slots();

    /**
     * How long a claim lasts without a renewal; default 30 s: longer than a collection pause or a server's restart, short
     * enough that a dead worker's jobs go on within a minute. Coordinators must be configured alike.
     */
    @WithDefault("30s")
    Duration lease();

    /** How long before the lease's end it stops by itself; default 5 s, longer than one batch takes to be written. */
    @WithDefault("5s")
    Duration leaseMargin();

    /** How long a stopping worker waits for its jobs to reach a checkpoint; default 20 s, within what systemd and Kubernetes grant. */
    @WithDefault("20s")
    Duration shutdown();

    /** How long it may take until another worker begins to look at a pool that is not mounted here; default 60 s. */
    @WithDefault("60s")
    Duration scanPatience();

    /** How long a call to the grid is tried again before it counts as failed; default 10 s. */
    @WithDefault("10s")
    Duration patience();

    /** Data written at most since a job's last checkpoint, and so what a kill costs a slot; default 128 MiB: some hundred milliseconds of work. */
    @WithDefault("128M")
    MemorySize batch();

    /** A program and its arguments, run before each attempt at a job with the job as JSON on its input; unless it exits with 0 the job is skipped. */
    Optional<List<String>> hookBefore();

    /** A program and its arguments, run after each attempt with the job and its outcome as JSON on its input. */
    Optional<List<String>> hookAfter();

    /** How long each of them may take; default 60 s. */
    @WithDefault("60s")
    Duration hookTimeout();

    /** How often a job's progress is told on {@code planish.progress}; default 5 s. */
    @WithDefault("5s")
    Duration progressEvery();
}
