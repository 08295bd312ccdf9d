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
import java.util.Optional;

/** Publishes what the ledger says, at least once: an event is sent, and only then marked as told. */
public final class Announcer {
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
            publisher.send(Topics.EVENTS, job.run(), Event.ended(job, f.result(), run.by(), clock.millis()));
            metrics.ended(job, f.result().outcome());
            ledger.jobs().update(job.key(), JobRecord::announced);
        }
    }

    /** Tells a run's state if it is not the one that was told last. */
    public void announce(RunRecord run) throws IOException {
        if (!run.announced().equals(Optional.of(run.state()))) {
            if (run.announced().isEmpty() && run.request().origin() == RunRequest.Origin.REQUEST) {
                publisher.send(Topics.EVENTS, run.id(), Event.accepted(run, clock.millis()));
            }
            publisher.send(Topics.EVENTS, run.id(), Event.changed(run, clock.millis()));
            ledger.runs().update(run.id(), r -> r.announced(run.state()));
        }
    }
}
