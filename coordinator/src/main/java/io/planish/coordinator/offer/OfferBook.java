package io.planish.coordinator.offer;

import io.planish.job.JobRecord;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Remembers what was offered when: an unclaimed job is offered again after a while, one that came back undone only after a pause
 * that grows with its attempts without progress. Not thread-safe; forgetting it costs a few needless offers.
 */
final class OfferBook {
    private static final int LONGEST_PAUSE = 6;

    private final long againNanos;
    private final Map<String, Entry> offered = new HashMap<>();

    OfferBook(Duration again) {
        this.againNanos = again.toNanos();
    }

    /** Whether the job is to be offered now. */
    boolean due(JobRecord job, long nowNanos) {
        Entry entry = offered.get(job.key());
        if (entry == null || entry.epoch != job.epoch()) {
            entry = new Entry(job.epoch(), job.barren() == 0 ? nowNanos : nowNanos + pauseNanos(job));
            offered.put(job.key(), entry);
        }
        return nowNanos - entry.dueNanos >= 0;
    }

    void offered(JobRecord job, long nowNanos) {
        offered.put(job.key(), new Entry(job.epoch(), nowNanos + againNanos));
    }

    void retain(Set<String> keys) {
        offered.keySet().retainAll(keys);
    }

    private long pauseNanos(JobRecord job) {
        return againNanos * Math.min(LONGEST_PAUSE, job.barren());
    }

    private record Entry(long epoch, long dueNanos) {}
}
