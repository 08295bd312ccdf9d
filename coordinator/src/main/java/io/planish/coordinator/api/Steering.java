package io.planish.coordinator.api;

import io.planish.job.JobRecord;
import io.planish.run.Event;
import io.planish.run.RunRecord;
import io.planish.topic.Publisher;
import io.planish.topic.Topics;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Clock;
import java.util.Optional;
import org.jboss.logging.Logger;

/** Tells who did what by REST: in the log, and on the topic of events, if the broker takes it now. */
@Singleton
final class Steering {
    private static final Logger LOG = Logger.getLogger(Steering.class);

    private final Caller caller;
    private final Publisher publisher;
    private final Clock clock;

    Steering(Caller caller, Publisher publisher, Clock clock) {
        this.caller = caller;
        this.publisher = publisher;
        this.clock = clock;
    }

    /** @param detail what a person may want to know beside it */
    void told(RunRecord run, String what, String detail) {
        tell(run.id(), Optional.empty(), run.sequence(), what, detail);
    }

    void told(JobRecord job, String what, String detail) {
        tell(job.run(), Optional.of(job), job.sequence(), what, detail);
    }

    void toldOfSchedule(String name, String what, String detail) {
        tell("schedule " + name, Optional.empty(), clock.millis(), what, detail);
    }

    private void tell(String run, Optional<JobRecord> job, long sequence, String what, String detail) {
        Event event = Event.steered(run, job, sequence, what, detail, caller.name(), clock.millis());
        LOG.infof(
                "%s %s by=%s run=%s%s",
                what,
                detail,
                event.by().orElse(""),
                run,
                event.job().map(j -> " job=" + j).orElse(""));
        try {
            publisher.send(Topics.EVENTS, run, event);
        } catch (IOException e) {
            LOG.errorf("only the line before tells of it: %s run=%s", e.getMessage(), run);
        }
    }
}
