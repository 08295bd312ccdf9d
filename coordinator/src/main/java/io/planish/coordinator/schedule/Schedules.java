package io.planish.coordinator.schedule;

import io.planish.coordinator.request.Runs;
import io.planish.coordinator.schedule.SchedulesConfig.ScheduleConfig;
import io.planish.run.RunRequest;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduler;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jboss.logging.Logger;

/**
 * Asks for a run at each planned time. Every coordinator does, whoever leads: the run's id is the schedule and its planned time, so
 * that all of them ask for the same one.
 */
@ApplicationScoped
public class Schedules {
    private static final Logger LOG = Logger.getLogger(Schedules.class);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmm'Z'").withZone(ZoneOffset.UTC);

    private final SchedulesConfig config;
    private final Runs runs;
    private final Scheduler scheduler;

    Schedules(SchedulesConfig config, Runs runs, Scheduler scheduler) {
        this.config = config;
        this.runs = runs;
        this.scheduler = scheduler;
    }

    void start(@Observes StartupEvent event) {
        config.schedules()
                .forEach((name, schedule) -> scheduler
                        .newJob(name)
                        .setCron(schedule.cron())
                        .setTimeZone(schedule.zone())
                        .setTask(execution -> ask(name, schedule, execution.getScheduledFireTime()))
                        .schedule());
    }

    /** The id of the run of a planned time. */
    public static String runId(String schedule, Instant planned) {
        return schedule + "-" + TIME.format(planned);
    }

    private void ask(String name, ScheduleConfig schedule, Instant planned) {
        String id = runId(name, planned);
        try {
            runs.ask(schedule.request(id, RunRequest.Origin.SCHEDULE));
            LOG.infof("asked for schedule=%s run=%s", name, id);
        } catch (IOException | IllegalArgumentException e) {
            LOG.errorf("not asked for: %s schedule=%s run=%s", e.getMessage(), name, id);
        }
    }
}
