package io.planish.coordinator;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.planish.config.PoliciesConfig;
import io.planish.config.PoolsConfig;
import io.planish.config.Settings;
import io.planish.coordinator.api.EventStream;
import io.planish.coordinator.ledger.AllRuns;
import io.planish.coordinator.request.PlanMaker;
import io.planish.coordinator.request.Runs;
import io.planish.coordinator.schedule.Schedules;
import io.planish.coordinator.schedule.SchedulesConfig;
import io.planish.coordinator.watch.FleetMetrics;
import io.planish.job.Json;
import io.planish.ledger.Ledger;
import io.planish.topic.Publisher;
import io.smallrye.common.annotation.Identifier;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Map;
import org.infinispan.client.hotrod.RemoteCacheManager;

/** The parts that several others need, made once. */
final class Parts {
    @Produces
    @Singleton
    ObjectMapper json() {
        return Json.STRICT;
    }

    @Produces
    @Singleton
    Clock clock() {
        return Clock.systemUTC();
    }

    @Produces
    @Singleton
    Ledger ledger(RemoteCacheManager grid, CoordinatorConfig config) {
        return Ledger.of(grid, config.patience());
    }

    @Produces
    @Singleton
    AllRuns allRuns(Ledger ledger) {
        return new AllRuns(ledger.runs());
    }

    @Produces
    @Singleton
    Publisher publisher(@Identifier("default-kafka-broker") Map<String, Object> kafka) {
        return new Publisher(kafka);
    }

    void close(@Disposes Publisher publisher) {
        publisher.close();
    }

    @Produces
    @Singleton
    Runs runs(Ledger ledger, PoolsConfig pools, PoliciesConfig policies, Clock clock) {
        return new Runs(
                ledger, Settings.poolNames(pools), Settings.policies(policies, Settings.poolNames(pools)), clock);
    }

    @Produces
    @Singleton
    Schedules schedules(
            SchedulesConfig schedules,
            Ledger ledger,
            AllRuns allRuns,
            Runs runs,
            Publisher publisher,
            Clock clock,
            CoordinatorConfig config) {
        return new Schedules(
                SchedulesConfig.records(schedules), ledger, allRuns, runs, publisher, clock, config.catchUp());
    }

    @Produces
    @Singleton
    PlanMaker planMaker(PlanMaker.Scan scan, PoolsConfig pools, PoliciesConfig policies, FleetMetrics metrics) {
        return new PlanMaker(scan, Settings.policies(policies, Settings.poolNames(pools)), metrics);
    }

    @Produces
    @Singleton
    EventStream events(@Identifier("default-kafka-broker") Map<String, Object> kafka) {
        return new EventStream(kafka);
    }

    void close(@Disposes EventStream events) {
        events.close();
    }
}
