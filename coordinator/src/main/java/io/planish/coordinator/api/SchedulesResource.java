package io.planish.coordinator.api;

import io.planish.coordinator.schedule.SchedulesConfig;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.List;

/** The schedules as configured. */
@Path("/api/v1/schedules")
public final class SchedulesResource {
    private final SchedulesConfig config;

    SchedulesResource(SchedulesConfig config) {
        this.config = config;
    }

    @GET
    public List<Schedule> list() {
        return config.schedules().entrySet().stream()
                .map(e -> new Schedule(
                        e.getKey(),
                        e.getValue().cron(),
                        e.getValue().zone(),
                        e.getValue().pools(),
                        e.getValue().policy()))
                .toList();
    }

    /** When runs of which pools start under which policy. */
    public record Schedule(String name, String cron, String zone, List<String> pools, String policy) {}
}
