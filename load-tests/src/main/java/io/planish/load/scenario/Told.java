package io.planish.load.scenario;

import io.planish.job.Json;
import io.planish.job.ProgressReport;
import io.planish.run.Event;
import io.planish.topic.Listener;
import io.planish.topic.Topics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** All that is told on the topics from when it was opened: outcomes, every settled batch with its epoch, refusals. Thread-safe. */
final class Told implements AutoCloseable {
    private final Map<String, List<ProgressReport>> settled = new HashMap<>();
    private final Map<String, Set<String>> ends = new HashMap<>();
    private final Map<String, String> runs = new HashMap<>();
    private final Set<String> refused = new TreeSet<>();
    private long dead;
    private final Listener listener;

    Told(String broker) throws InterruptedException {
        listener = new Listener(
                List.of(Topics.EVENTS, Topics.PROGRESS, Topics.DEAD),
                Optional.empty(),
                Map.of("bootstrap.servers", broker),
                this::hear);
        while (!listener.isListening()) {
            Thread.sleep(50);
        }
    }

    private synchronized void hear(ConsumerRecord<String, byte[]> record) throws IOException {
        switch (record.topic()) {
            case Topics.PROGRESS -> {
                ProgressReport report = Json.MAPPER.readValue(record.value(), ProgressReport.class);
                settled.computeIfAbsent(report.run() + "/" + report.job(), key -> new ArrayList<>())
                        .add(report);
            }
            case Topics.EVENTS -> hear(Json.MAPPER.readValue(record.value(), Event.class));
            case Topics.DEAD -> dead++;
            default -> throw new IllegalStateException(record.topic());
        }
    }

    private void hear(Event event) {
        switch (event.type()) {
            case JOB_ENDED ->
                ends.computeIfAbsent(event.run() + "/" + event.job().orElseThrow(), key -> new TreeSet<>())
                        .add(event.id());
            case RUN_CHANGED -> runs.put(event.run(), event.outcome());
            case REQUEST_REFUSED -> refused.add(event.id());
        }
    }

    /** Jobs of a run of which an end was told. */
    synchronized int ended(String run) {
        return (int)
                ends.keySet().stream().filter(key -> key.startsWith(run + "/")).count();
    }

    /** The different ends that were told of a job. */
    synchronized Set<String> ends(String job) {
        return Set.copyOf(ends.getOrDefault(job, Set.of()));
    }

    /** Runs whose last told state is this one. */
    synchronized long runs(String state) {
        return runs.values().stream().filter(state::equals).count();
    }

    /** Records among the dead. */
    synchronized long dead() {
        return dead;
    }

    /** Requests that were told to be refused. */
    synchronized int refused() {
        return refused.size();
    }

    /** What each attempt at a job settled, oldest attempt first. */
    synchronized List<Settled> settled(String job) {
        TreeMap<Long, Settled> attempts = new TreeMap<>();
        for (ProgressReport report : settled.getOrDefault(job, List.of())) {
            attempts.merge(report.epoch(), Settled.of(report), Settled::and);
        }
        return List.copyOf(attempts.values());
    }

    /** Jobs of which anything was told while they ran. */
    synchronized Set<String> begun() {
        return Set.copyOf(settled.keySet());
    }

    /**
     * What one attempt settled.
     *
     * @param from guest offset in bytes where it began to merge
     * @param below guest offset in bytes below which all was settled when it was last heard of
     * @param bytesCopied bytes of clusters it had written by then
     */
    record Settled(
            long epoch, String worker, long from, long below, long bytesCopied, long beginMillis, long endMillis) {
        static Settled of(ProgressReport report) {
            long at = report.progress().guestBytesDone();
            return new Settled(
                    report.epoch(),
                    report.worker(),
                    at,
                    at,
                    report.progress().bytesCopied(),
                    report.timeMillis(),
                    report.timeMillis());
        }

        Settled and(Settled more) {
            return new Settled(
                    epoch,
                    worker,
                    Math.min(from, more.from),
                    Math.max(below, more.below),
                    Math.max(bytesCopied, more.bytesCopied),
                    Math.min(beginMillis, more.beginMillis),
                    Math.max(endMillis, more.endMillis));
        }
    }

    /** What attempts settled that an attempt before them had settled; empty: their batches are disjoint. */
    synchronized List<String> settledTwice() {
        List<String> twice = new ArrayList<>();
        for (String job :
                settled.keySet().stream().sorted(Comparator.naturalOrder()).toList()) {
            long below = 0;
            for (Settled attempt : settled(job)) {
                if (attempt.from() < below) {
                    twice.add(job + " attempt " + attempt.epoch() + " by " + attempt.worker() + " began at "
                            + attempt.from() + ", but " + below + " was settled");
                }
                below = Math.max(below, attempt.below());
            }
        }
        return twice;
    }

    @Override
    public void close() {
        listener.close();
    }
}
