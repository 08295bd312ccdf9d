package io.planish.coordinator.ledger;

import io.planish.coordinator.watch.FleetMetrics;
import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.ledger.Ledger;
import io.planish.run.Event;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.planish.topic.Publisher;
import io.planish.topic.Topics;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Publishes what the ledger says, at least once: an event is sent, and only then marked as told. */
public final class Announcer {
    private static final int AT_ONCE = 500;

    private final Ledger ledger;
    private final Publisher publisher;
    private final FleetMetrics metrics;
    private final Clock clock;

    public Announcer(Ledger ledger, Publisher publisher, FleetMetrics metrics, Clock clock) {
        this.ledger = ledger;
        this.publisher = publisher;
        this.metrics = metrics;
        this.clock = clock;
    }

    /** Tells the outcome of a job that has one and was not told of. */
    public void announce(RunRecord run, JobRecord job) throws IOException {
        if (job.state() instanceof JobState.Finished f && !f.announced()) {
            if (isNews(run)) {
                publisher.send(Topics.EVENTS, job.run(), Event.ended(job, f.result(), run.by(), clock.millis()));
                metrics.ended(job, f.result().outcome());
            }
            ledger.jobs().update(job.key(), JobRecord::announced);
        }
    }

    /** That a pool is looked at is none: it changes nothing, and happens all the time. */
    private static boolean isNews(RunRecord run) {
        return run.request().origin() != RunRequest.Origin.SURVEY;
    }

    /** Tells the states of those runs that are not in the one that was told last; of very many the first ones, the others the next time. */
    public void announce(Collection<RunRecord> runs) throws IOException {
        List<RunRecord> untold = runs.stream()
                .filter(r -> !r.announced().equals(Optional.of(r.state())))
                .limit(AT_ONCE)
                .toList();
        List<Publisher.Message> events = new ArrayList<>();
        for (RunRecord run : untold) {
            if (!isNews(run)) {
                continue;
            }
            if (run.announced().isEmpty() && run.request().origin() == RunRequest.Origin.REQUEST) {
                events.add(new Publisher.Message(run.id(), Event.accepted(run, clock.millis())));
            }
            events.add(new Publisher.Message(run.id(), Event.changed(run, clock.millis())));
        }
        publisher.sendAll(Topics.EVENTS, events);
        for (RunRecord run : untold) {
            ledger.runs().update(run.id(), r -> r.announced(run.state()));
        }
    }
}
