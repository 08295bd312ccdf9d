package io.planish.worker.slot;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** What this worker counts, as {@code planish_*}. Thread-safe. */
public final class WorkerMetrics {
    private static final List<String> ALERTING = List.of("FAILED", "UNKNOWN");

    private final MeterRegistry registry;
    private final Counter copied;
    private final Counter resumed;
    private final Counter freed;
    private final Counter leaseLosses;
    private final Timer checkpoints;
    private final Map<String, Long> settledNanos = new ConcurrentHashMap<>();

    public WorkerMetrics(MeterRegistry registry) {
        this.registry = registry;
        this.copied = bytes("planish_copied", "Bytes of clusters written by merges");
        this.resumed = bytes("planish_resumed", "Bytes of disks that an attempt passed over, merged by an earlier one");
        this.freed = bytes("planish_freed", "Bytes that leftovers of finished jobs take, until the trash is purged");
        this.leaseLosses = Counter.builder("planish_lease_losses")
                .description("Attempts that ended because their lease was not renewed in time")
                .register(registry);
        this.checkpoints = Timer.builder("planish_checkpoint")
                .description("How long merges waited until checkpoints were durable")
                .register(registry);
        // The first one would be no increase where nothing was served before it.
        ALERTING.forEach(this::attemptsEnded);
        TimeGauge.builder("planish_checkpoint_age", this, TimeUnit.NANOSECONDS, WorkerMetrics::oldestCheckpointNanos)
                .description("Time since the last checkpoint of the running job that has waited longest for one")
                .register(registry);
    }

    private Counter bytes(String name, String description) {
        return Counter.builder(name).baseUnit("bytes").description(description).register(registry);
    }

    /** Tells how many slots there are and are free. */
    public void watch(Slots slots, int count) {
        registry.gauge("planish_slots", slots, s -> count);
        registry.gauge("planish_slots_free", slots, Slots::free);
    }

    void begun(String key) {
        settledNanos.put(key, System.nanoTime());
    }

    void waitedForCheckpoint(long nanos) {
        checkpoints.record(nanos, TimeUnit.NANOSECONDS);
    }

    /** A checkpoint is durable. */
    void settled(String key) {
        settledNanos.put(key, System.nanoTime());
    }

    /** Written, whether settled or not. */
    void copied(long bytes) {
        copied.increment(bytes);
    }

    void leaseLost() {
        leaseLosses.increment();
    }

    void ended(String key, Job job, JobResult result, Duration took) {
        settledNanos.remove(key);
        String outcome = Outcomes.name(result.outcome());
        String kind = job.kind().name().toLowerCase(Locale.ROOT);
        attemptsEnded(outcome).increment();
        Timer.builder("planish_attempt")
                .description("How long attempts took")
                .tags("kind", kind, "outcome", outcome)
                .register(registry)
                .record(took);
        resumed.increment(result.bytesSkipped());
        switch (result.outcome()) {
            case Outcome.Done done -> freed.increment(job.bytesToFree());
            case Outcome.Skipped skipped ->
                registry.counter(
                                "planish_attempts_skipped",
                                "reason",
                                skipped.reason().name())
                        .increment();
            case Outcome.Stale stale -> {}
            case Outcome.Failed failed -> {}
            case Outcome.Unknown unknown -> {}
            case Outcome.Cancelled cancelled -> {}
        }
    }

    private Counter attemptsEnded(String outcome) {
        return registry.counter("planish_attempts_ended", "outcome", outcome);
    }

    private double oldestCheckpointNanos() {
        return settledNanos.isEmpty() ? 0 : System.nanoTime() - Collections.min(settledNanos.values());
    }
}
