package io.planish.worker.slot;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** What this worker counts. */
public final class WorkerMetrics {
    private final MeterRegistry registry;
    private final Counter bytes;

    public WorkerMetrics(MeterRegistry registry) {
        this.registry = registry;
        this.bytes = Counter.builder("planish_copied")
                .baseUnit("bytes")
                .description("Bytes of clusters written by merges")
                .register(registry);
    }

    void copied(long more) {
        bytes.increment(Math.max(0, more));
    }

    void ended(String outcome) {
        registry.counter("planish_attempts_ended", "outcome", outcome).increment();
    }
}
