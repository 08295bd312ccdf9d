package io.planish.coordinator.schedule;

import io.planish.chain.PoolName;
import io.planish.run.ScheduleRecord;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithParentName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

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

        /** When jobs of its runs may run, in the same zone, such as {@code mon-fri 22:00-06:00}; by default at any time. */
        Optional<String> window();

        /** How many jobs each of its runs may begin at all, stopping in a pool at its first failure; by default any number. */
        Optional<Integer> canary();
    }

    /** As the values that the rest works with, by name. */
    static Map<String, ScheduleRecord> records(SchedulesConfig config) {
        Map<String, ScheduleRecord> records = new TreeMap<>();
        config.schedules()
                .forEach((name, s) -> records.put(
                        name,
                        new ScheduleRecord(
                                ScheduleRecord.VERSION,
                                name,
                                s.cron(),
                                s.zone(),
                                s.window(),
                                s.pools().stream().map(PoolName::new).toList(),
                                s.policy(),
                                s.canary(),
                                false,
                                0)));
        return records;
    }
}
