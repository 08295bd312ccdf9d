package io.planish.coordinator;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** How this coordinator works: {@code planish.coordinator.…}. */
@ConfigMapping(prefix = "planish.coordinator")
public interface CoordinatorConfig {
    /** Its name in the ledger and in logs; by default the host's name. Each start adds a random part to tell two starts apart. */
    Optional<String> name();

    /** How long one that leads is believed to be alive without a renewal; default 15 s. All coordinators must be configured alike. */
    @WithDefault("15s")
    Duration lease();

    /** How long before its lease's end one that leads stops acting by itself; default 5 s. */
    @WithDefault("5s")
    Duration leaseMargin();

    /** How often the ledger is looked at; default 500 ms. */
    @WithDefault("500ms")
    Duration every();

    /** After how long an unclaimed job is offered again; default 5 s. */
    @WithDefault("5s")
    Duration offerAgain();

    /** How long a run that is over is remembered; default 30 days. Until then its id cannot start another. */
    @WithDefault("30d")
    Duration keepRuns();

    /** How long it may take until a worker begins to look at a pool that is not mounted here; default 60 s. */
    @WithDefault("60s")
    Duration scanPatience();

    /** How long a call to the grid is tried again before it counts as failed; default 5 s, well within the lease. */
    @WithDefault("5s")
    Duration patience();

    /** Whether caches that forget by themselves are used all the same; default false: the service ends. */
    @WithDefault("false")
    boolean forgetfulGrid();

    /** How often workers purge the pools' trash of what has been there for its grace period; by default never. */
    Optional<Duration> purgeEvery();

    /** How much later than planned a schedule's run is still made, when nobody led meanwhile; default 1 hour. */
    @WithDefault("1h")
    Duration catchUp();

    /** How long a record on a topic of requests may be; default 64 KiB. */
    @WithDefault("64K")
    MemorySize mostRequest();

    /** Partitions of each topic of offers; default 16: more than workers of a pool, so that none idles. */
    @WithDefault("16")
    int partitions();

    /** Copies of each topic that is made; default: the broker's own default. */
    Optional<Short> replication();

    /** Whether missing topics are made; if not, what to create is printed. Default true. */
    @WithDefault("true")
    boolean createTopics();
}
