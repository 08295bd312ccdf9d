package io.planish.coordinator.schedule;

import io.planish.coordinator.ledger.AllRuns;
import io.planish.coordinator.request.Runs;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.Event;
import io.planish.run.PlannedTime;
import io.planish.run.RunRecord;
import io.planish.run.ScheduleRecord;
import io.planish.topic.Publisher;
import io.planish.topic.Topics;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jboss.logging.Logger;

/**
 * Asks for a run at each planned time, or says why there is none. How far it is stands in the ledger, so that whoever leads next goes on there; and a
 * run's id is its schedule and planned time, so that two who ask for it at once ask for the same one.
 */
public final class Schedules {
    private static final Logger LOG = Logger.getLogger(Schedules.class);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmm'Z'").withZone(ZoneOffset.UTC);
    private static final int TIME_CHARS = "20260101T0000Z".length();

    private final Map<String, ScheduleRecord> configured;
    private final Ledger ledger;
    private final AllRuns allRuns;
    private final Runs runs;
    private final Publisher publisher;
    private final Clock clock;
    private final Duration catchUp;

    /**
     * @param configured by name; one of that name in the ledger goes before
     * @param catchUp how much later than planned a run is still made
     */
    public Schedules(
            Map<String, ScheduleRecord> configured,
            Ledger ledger,
            AllRuns allRuns,
            Runs runs,
            Publisher publisher,
            Clock clock,
            Duration catchUp) {
        this.configured = Map.copyOf(configured);
        this.ledger = ledger;
        this.allRuns = allRuns;
        this.runs = runs;
        this.publisher = publisher;
        this.clock = clock;
        this.catchUp = catchUp;
        configured.values().forEach(this::check);
    }

    /** The id of the run of a planned time. */
    public static String runId(String schedule, Instant planned) {
        return schedule + "-" + TIME.format(planned);
    }

    /** By name, as they are now. */
    public Map<String, ScheduleRecord> all() throws LedgerException {
        Map<String, ScheduleRecord> all = new TreeMap<>(configured);
        all.putAll(ledger.schedules().all());
        return all;
    }

    public Optional<ScheduleRecord> find(String name) throws LedgerException {
        Optional<ScheduleRecord> edited = ledger.schedules().get(name);
        return edited.isPresent() ? edited : Optional.ofNullable(configured.get(name));
    }

    public boolean isConfigured(String name) {
        return configured.containsKey(name);
    }

    /** When it starts next; empty while it is paused, or where no such time comes. */
    public Optional<Instant> next(ScheduleRecord schedule) {
        return schedule.paused() ? Optional.empty() : cron(schedule).next(clock.instant());
    }

    /** @throws IllegalArgumentException naming what is wrong with it */
    public void check(ScheduleRecord schedule) {
        if (cron(schedule).next(clock.instant()).isEmpty()) {
            throw new IllegalArgumentException(
                    "schedule '" + schedule.name() + "': cron '" + schedule.cron() + "' names a time that never comes");
        }
    }

    private static Cron cron(ScheduleRecord schedule) {
        try {
            return new Cron(schedule.cron(), schedule.zone());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "schedule '" + schedule.name() + "': cron '" + schedule.cron()
                            + "' is not five fields such as '0 22 * * 1-5': " + e.getMessage(),
                    e);
        }
    }

    /** Does what is due by now. */
    public void moveOn() throws IOException {
        for (ScheduleRecord schedule : all().values()) {
            moveOn(schedule, clock.instant());
        }
    }

    private void moveOn(ScheduleRecord schedule, Instant now) throws IOException {
        String name = schedule.name();
        Optional<PlannedTime> seen = ledger.planned().get(name);
        if (seen.isEmpty()) {
            ledger.planned().add(name, PlannedTime.upTo(now.toEpochMilli()));
            return;
        }
        Instant since = Instant.ofEpochMilli(Math.max(seen.get().upToMillis(), schedule.changedMillis()));
        Cron cron = cron(schedule);
        Optional<Instant> first = cron.next(since);
        Optional<Instant> last = cron.last(now);
        if (first.isEmpty() || last.isEmpty() || first.get().isAfter(last.get())) {
            return;
        }
        if (!schedule.paused()) {
            if (first.get().isBefore(last.get())) {
                skip(schedule, first.get(), "MISSED", "nobody led then, nor at planned times until " + last.get());
            }
            due(schedule, last.get(), now);
        }
        ledger.planned()
                .update(
                        name,
                        there -> there.equals(seen.get())
                                ? Optional.of(PlannedTime.upTo(last.get().toEpochMilli()))
                                : Optional.empty());
    }

    private void due(ScheduleRecord schedule, Instant planned, Instant now) throws IOException {
        String id = runId(schedule.name(), planned);
        if (Duration.between(planned, now).compareTo(catchUp) > 0) {
            skip(
                    schedule,
                    planned,
                    "MISSED",
                    "nobody led then, and it is more than " + catchUp.toMinutes() + " min ago");
            return;
        }
        Optional<RunRecord> before = unfinished(schedule.name(), id);
        if (before.isPresent()) {
            skip(
                    schedule,
                    planned,
                    "OVERLAP",
                    "run " + before.get().id() + " is " + before.get().state());
            return;
        }
        try {
            runs.ask(schedule.request(id), "schedule " + schedule.name());
            LOG.infof("asked for schedule=%s run=%s", schedule.name(), id);
        } catch (IllegalArgumentException e) {
            skip(schedule, planned, "REFUSED", String.valueOf(e.getMessage()));
        }
    }

    private Optional<RunRecord> unfinished(String schedule, String except) throws LedgerException {
        return allRuns.read().stream()
                .filter(r -> r.id().startsWith(schedule + "-")
                        && r.id().length() == schedule.length() + 1 + TIME_CHARS
                        && !r.id().equals(except)
                        && !r.state().isOver())
                .findFirst();
    }

    private void skip(ScheduleRecord schedule, Instant planned, String code, String why) throws IOException {
        String id = runId(schedule.name(), planned);
        LOG.warnf("no run: %s schedule=%s run=%s", why, schedule.name(), id);
        publisher.send(Topics.EVENTS, id, Event.skipped(schedule.name(), id, code, why, clock.millis()));
    }
}
