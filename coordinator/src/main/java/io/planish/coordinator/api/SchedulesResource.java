package io.planish.coordinator.api;

import io.planish.chain.PoolName;
import io.planish.coordinator.request.Runs;
import io.planish.coordinator.schedule.Schedules;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.ScheduleRecord;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.jspecify.annotations.Nullable;

/** Schedules, as configured, or as edited here: what is edited goes before what is configured under the same name, also after a restart. */
@Path("/api/v1/schedules")
@Blocking
public final class SchedulesResource {
    private final Schedules schedules;
    private final Ledger ledger;
    private final Runs runs;
    private final Steering steering;
    private final Clock clock;

    SchedulesResource(Schedules schedules, Ledger ledger, Runs runs, Steering steering, Clock clock) {
        this.schedules = schedules;
        this.ledger = ledger;
        this.runs = runs;
        this.steering = steering;
        this.clock = clock;
    }

    @GET
    @Operation(summary = "All schedules, by name")
    public List<ScheduleView> list() throws LedgerException {
        return schedules.all().values().stream().map(this::view).toList();
    }

    @GET
    @Path("{name}")
    public ScheduleView get(String name) throws LedgerException {
        return view(schedules.find(name).orElseThrow(() -> missing(name)));
    }

    /** Planned times before now do not count. */
    @PUT
    @Path("{name}")
    @Operation(summary = "Makes a schedule, or changes one", description = "It counts from the next planned time on.")
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(implementation = ScheduleBody.class),
                            examples = @ExampleObject(name = "every working day at 22:00, until 06:00", value = """
                                                    {"cron": "0 22 * * 1-5", "zone": "Europe/Berlin", "window": "22:00-06:00", "pools": ["gold"], "policy": "nightly"}""")))
    public ScheduleView put(String name, @Nullable ScheduleBody body) throws LedgerException {
        if (body == null || body.cron() == null || body.pools() == null) {
            throw new IllegalArgumentException("a body with 'cron' and 'pools' is needed");
        }
        ScheduleRecord schedule = new ScheduleRecord(
                ScheduleRecord.VERSION,
                name,
                body.cron(),
                body.zone() == null ? "UTC" : body.zone(),
                body.window(),
                body.pools(),
                body.policy() == null ? "default" : body.policy(),
                body.canary(),
                body.paused(),
                clock.millis());
        schedules.check(schedule);
        runs.check(schedule.request(Schedules.runId(name, clock.instant())));
        ledger.schedules().put(name, schedule);
        steering.toldOfSchedule(
                name,
                "SCHEDULE",
                "cron=\"" + schedule.cron() + "\" zone=" + schedule.zone() + " pools=" + schedule.pools() + " policy="
                        + schedule.policy()
                        + schedule.window()
                                .map(window -> " window=\"" + window + "\"")
                                .orElse("")
                        + (schedule.paused() ? " paused" : ""));
        return view(schedule);
    }

    /** One that is configured is as configured again. */
    @DELETE
    @Path("{name}")
    @Operation(
            summary = "Forgets what was edited",
            description = "A schedule that is configured is as configured again.")
    public void delete(String name) throws LedgerException {
        if (ledger.schedules().get(name).isEmpty()) {
            throw schedules.isConfigured(name)
                    ? ProblemException.conflict("schedule '" + name
                            + "' comes from the configuration (to stop it, PUT it with \"paused\": true)")
                    : missing(name);
        }
        ledger.schedules().remove(name);
        steering.toldOfSchedule(name, "UNSCHEDULE", "");
    }

    private ScheduleView view(ScheduleRecord s) {
        return new ScheduleView(
                s.name(),
                s.cron(),
                s.zone(),
                s.window(),
                s.pools().stream().map(Object::toString).toList(),
                s.policy(),
                s.canary(),
                s.paused(),
                s.changedMillis() > 0,
                schedules.next(s));
    }

    private static ProblemException missing(String name) {
        return ProblemException.notFound("there is no schedule '" + name + "'");
    }

    /**
     * What a schedule is to be.
     *
     * @param cron five fields
     * @param zone of cron and window; absent: UTC
     * @param window when its jobs may run; absent: at any time
     * @param policy absent: {@code default}
     * @param canary how many jobs each of its runs may begin at all; absent: any number
     * @param paused whether it starts no runs
     */
    public record ScheduleBody(
            @Nullable String cron,
            @Nullable String zone,
            Optional<String> window,
            @Nullable List<PoolName> pools,
            @Nullable String policy,
            Optional<Integer> canary,
            boolean paused) {
        public ScheduleBody {
            pools = pools == null ? null : List.copyOf(pools);
        }
    }

    /**
     * When runs of which pools start under which policy.
     *
     * @param edited whether it was made or changed by REST
     * @param next when it starts next
     */
    public record ScheduleView(
            String name,
            String cron,
            String zone,
            Optional<String> window,
            List<String> pools,
            String policy,
            Optional<Integer> canary,
            boolean paused,
            boolean edited,
            Optional<Instant> next) {}
}
