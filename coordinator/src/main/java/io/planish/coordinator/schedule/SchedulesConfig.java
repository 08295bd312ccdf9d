package io.planish.coordinator.schedule;

import io.planish.chain.PoolName;
import io.planish.run.RunRequest;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithParentName;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** When runs start by themselves: {@code planish.schedules.<name>.…}. */
@ConfigMapping(prefix = "planish.schedules")
public interface SchedulesConfig {
    @WithParentName
    Map<String, ScheduleConfig> schedules();

    /** One schedule. */
    interface ScheduleConfig {
        /** Five fields: minute, hour, day of month, month, day of week. */
        String cron();

        /** The time zone of the cron; default UTC. */
        @WithDefault("UTC")
        String zone();

        List<String> pools();

        /** The name of a policy; default {@code default}. */
        @WithDefault("default")
        String policy();

        /** The wish for the run of one planned time. */
        default RunRequest request(String id, RunRequest.Origin origin) {
            return new RunRequest(
                    RunRequest.VERSION,
                    id,
                    origin,
                    pools().stream().map(PoolName::new).toList(),
                    Optional.empty(),
                    policy(),
                    List.of(),
                    List.of(),
                    Optional.empty(),
                    Optional.empty());
        }
    }
}
