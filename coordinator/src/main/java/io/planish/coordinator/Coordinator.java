package io.planish.coordinator;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.planish.chain.PoolName;
import io.planish.config.PoolsConfig;
import io.planish.config.Settings;
import io.planish.coordinator.ledger.AllRuns;
import io.planish.coordinator.ledger.Announcer;
import io.planish.coordinator.ledger.Leadership;
import io.planish.coordinator.offer.Conductor;
import io.planish.coordinator.offer.Load;
import io.planish.coordinator.request.PlanMaker;
import io.planish.coordinator.request.Planning;
import io.planish.coordinator.request.RequestTopic;
import io.planish.coordinator.request.Runs;
import io.planish.coordinator.request.TenantsConfig;
import io.planish.coordinator.schedule.Purges;
import io.planish.coordinator.schedule.Schedules;
import io.planish.coordinator.watch.FleetMetrics;
import io.planish.ledger.GridCheck;
import io.planish.ledger.Ledger;
import io.planish.run.RunState;
import io.planish.topic.Listener;
import io.planish.topic.Publisher;
import io.planish.topic.TopicMaker;
import io.planish.topic.Topics;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.common.annotation.Identifier;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import org.apache.kafka.clients.admin.NewTopic;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.infinispan.client.hotrod.RemoteCacheManager;
import org.jboss.logging.Logger;

/** The service's life: topics, then the lease, the conductor while it leads, and the requests' topic. */
@ApplicationScoped
class Coordinator {
    private static final Logger LOG = Logger.getLogger(Coordinator.class);
    private static final int BEATS_PER_LEASE = 6;
    private static final int SCHEDULES_SECONDS = 5;

    private final CoordinatorConfig config;
    private final Map<String, Object> kafka;
    private final RemoteCacheManager grid;
    private final Set<PoolName> pools;
    private final Leadership leadership;
    private final Conductor conductor;
    private final Planning planning;
    private final PoolScan scan;
    private final FleetMetrics metrics;
    private final RequestTopic requests;
    private final Schedules schedules;
    private final Purges purges;
    private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(
            3, Thread.ofPlatform().name("coordinator-", 0).daemon().factory());
    private volatile boolean ready;
    private volatile Optional<Listener> listener = Optional.empty();

    Coordinator(
            CoordinatorConfig config,
            PoolsConfig pools,
            @ConfigProperty(name = "planish.worker.lease", defaultValue = "30s") Duration jobLease,
            @Identifier("default-kafka-broker") Map<String, Object> kafka,
            RemoteCacheManager grid,
            Ledger ledger,
            AllRuns allRuns,
            Publisher publisher,
            Runs runs,
            PlanMaker maker,
            PoolScan scan,
            MeterRegistry registry,
            FleetMetrics metrics,
            Schedules schedules,
            TenantsConfig tenants,
            Clock clock) {
        this.config = config;
        this.kafka = kafka;
        this.grid = grid;
        this.pools = Settings.poolNames(pools);
        String name = config.name().orElseGet(Coordinator::host) + "-"
                + UUID.randomUUID().toString().substring(0, 8);
        this.leadership = new Leadership(ledger.leases(), name, config.lease(), config.leaseMargin());
        this.planning = new Planning(ledger, maker, this.pools, metrics, clock);
        this.scan = scan;
        this.metrics = metrics;
        this.conductor = new Conductor(
                ledger,
                allRuns,
                publisher,
                new Announcer(ledger, publisher, metrics, clock),
                planning::begin,
                pool -> Settings.slots(pools, pool),
                clock,
                jobLease,
                config.offerAgain(),
                config.keepRuns());
        this.schedules = schedules;
        this.purges = new Purges(ledger, allRuns, this.pools, config.purgeEvery(), clock);
        this.requests = new RequestTopic(tenants, this.pools, runs, ledger, publisher, clock, (int)
                Math.min(Integer.MAX_VALUE, config.mostRequest().asLongValue()));
        registry.gauge("planish_leader", leadership, l -> l.leads() ? 1 : 0);
        Map<String, ToIntFunction<Load>> states =
                Map.of("blocked", Load::blocked, "queued", Load::queued, "running", Load::running);
        states.forEach((state, count) ->
                registry.gauge("planish_jobs", Tags.of("state", state), conductor, c -> count.applyAsInt(c.load())));
        for (RunState state : RunState.values()) {
            registry.gauge(
                    "planish_runs",
                    Tags.of("state", state.name().toLowerCase(Locale.ROOT)),
                    conductor,
                    c -> c.load().runs(state));
        }
    }

    private static String host() {
        return Optional.ofNullable(System.getenv("HOSTNAME")).orElse("coordinator");
    }

    void start(@Observes StartupEvent event) {
        Settings.requireLease("planish.coordinator", config.lease(), config.leaseMargin());
        long beatMillis = config.lease().dividedBy(BEATS_PER_LEASE).toMillis();
        threads.scheduleWithFixedDelay(
                () -> quietly("lease", leadership::renewOrTake), 0, beatMillis, TimeUnit.MILLISECONDS);
        threads.scheduleWithFixedDelay(
                () -> quietly("ledger", this::moveOn), 0, config.every().toMillis(), TimeUnit.MILLISECONDS);
        threads.scheduleWithFixedDelay(
                () -> quietly("schedules", this::startPlanned), 1, SCHEDULES_SECONDS, TimeUnit.SECONDS);
    }

    private void moveOn() throws IOException {
        if (!ready) {
            requireMemory();
            makeTopics();
            markPools();
            listener = Optional.of(new Listener(requests.topics(), Optional.of(Topics.REQUESTS), kafka, requests));
            ready = true;
        }
        if (leadership.leads()) {
            conductor.moveOn(leadership::leads);
        } else {
            conductor.rest();
            metrics.forget();
        }
    }

    /** Whether topics and pools were seen to. */
    boolean hasBegun() {
        return ready;
    }

    private void startPlanned() throws IOException {
        if (ready && leadership.leads()) {
            schedules.moveOn();
            purges.moveOn();
        }
    }

    private void requireMemory() throws IOException {
        List<String> forgetful = GridCheck.forgetful(grid);
        if (!forgetful.isEmpty() && !config.forgetfulGrid()) {
            LOG.errorf(
                    "the grid's cache %s (change it as docs/grid.md says, or set planish.coordinator.forgetful-grid=true)",
                    String.join("; ", forgetful));
            Quarkus.asyncExit(1);
            throw new IOException("a grid that forgets is not worked with");
        }
    }

    /** A pool that is not there keeps only the runs from being planned; they say so. */
    private void markPools() {
        try {
            scan.markPools();
        } catch (IOException e) {
            LOG.errorf("not all pools are usable: %s", e.getMessage());
        }
    }

    private void makeTopics() throws IOException {
        List<NewTopic> missing = TopicMaker.make(
                kafka,
                TopicMaker.wanted(pools, requests.topics(), config.partitions(), config.replication()),
                config.createTopics());
        for (NewTopic topic : missing) {
            LOG.infof(
                    "topic %s name=%s partitions=%d configs=%s",
                    config.createTopics() ? "created" : "is missing, please create it",
                    topic.name(),
                    topic.numPartitions(),
                    topic.configs());
        }
    }

    private void quietly(String what, Work work) {
        try {
            work.run();
        } catch (IOException e) {
            LOG.warnf("%s: %s", what, e.getMessage());
        } catch (RuntimeException e) {
            if (!threads.isShutdown()) {
                LOG.errorf(e, "%s: broke off", what);
            }
        }
    }

    void stop(@Observes ShutdownEvent event) {
        planning.close();
        threads.shutdownNow();
        try {
            threads.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        listener.ifPresent(Listener::close);
        quietly("lease", leadership::resign);
    }

    /** Something that is tried again soon. */
    private interface Work {
        void run() throws IOException;
    }
}
