package io.planish.worker;

import io.micrometer.core.instrument.MeterRegistry;
import io.planish.chain.PoolName;
import io.planish.config.PoolAccess;
import io.planish.config.PoolsConfig;
import io.planish.config.Settings;
import io.planish.engine.EngineOptions;
import io.planish.engine.JobRunner;
import io.planish.engine.StopRequested;
import io.planish.ledger.Ledger;
import io.planish.platform.Hooks;
import io.planish.platform.Program;
import io.planish.remote.Answers;
import io.planish.remote.RemotePools;
import io.planish.remote.RemoteSweep;
import io.planish.remote.Surveys;
import io.planish.scan.HeadReader;
import io.planish.scan.OverlaySweep;
import io.planish.scan.Recheck;
import io.planish.scan.Scanner;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import io.planish.topic.Publisher;
import io.planish.worker.checkpoint.GridCheckpoints;
import io.planish.worker.claim.Claims;
import io.planish.worker.claim.ForgottenJobs;
import io.planish.worker.claim.OfferConsumer;
import io.planish.worker.slot.ClaimedJobs;
import io.planish.worker.slot.EngineJobs;
import io.planish.worker.slot.JobExecutor;
import io.planish.worker.slot.PoolWork;
import io.planish.worker.slot.Slots;
import io.planish.worker.slot.WorkerMetrics;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.common.annotation.Identifier;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.infinispan.client.hotrod.RemoteCacheManager;
import org.jboss.logging.Logger;

/** The service's life: pools, then slots and the consumers of offers; stopped in the opposite order. */
@ApplicationScoped
class Worker {
    private static final Logger LOG = Logger.getLogger(Worker.class);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);
    private static final int SWEEP_THREADS = 4;
    private static final int LOOKS_AT_ONCE = 2;

    private final WorkerConfig config;
    private final PoolsConfig poolsConfig;
    private final Map<String, Object> kafka;
    private final Ledger ledger;
    private final Publisher publisher;
    private final WorkerMetrics metrics;
    private final String owner;
    private final Storage storage = new LinuxStorage();
    private final List<OfferConsumer> consumers = new ArrayList<>();
    private volatile boolean taking;
    private volatile boolean stopping;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private List<Slots> slots = List.of();
    private Optional<Thread> opener = Optional.empty();

    Worker(
            WorkerConfig config,
            PoolsConfig poolsConfig,
            @Identifier("default-kafka-broker") Map<String, Object> kafka,
            RemoteCacheManager grid,
            MeterRegistry registry) {
        this.config = config;
        this.poolsConfig = poolsConfig;
        this.kafka = kafka;
        this.ledger = Ledger.of(grid, config.patience());
        this.publisher = new Publisher(kafka);
        this.metrics = new WorkerMetrics(registry);
        this.owner = config.name().orElseGet(Worker::host) + "-"
                + UUID.randomUUID().toString().substring(0, 8);
    }

    private static String host() {
        return Optional.ofNullable(System.getenv("HOSTNAME")).orElse("worker");
    }

    void start(@Observes StartupEvent event) {
        Settings.requireLease("planish.worker", config.lease(), config.leaseMargin());
        Set<PoolName> names = Settings.poolNames(poolsConfig);
        names.removeAll(Settings.remotePools(poolsConfig).keySet());
        if (names.isEmpty()) {
            throw new IllegalArgumentException("no pool is configured (set planish.pools.<name>.path)");
        }
        opener = Optional.of(Thread.ofPlatform().name("pools").daemon().start(this::openPools));
    }

    /** A mount that is late or gone keeps the worker from taking offers, not from starting. */
    private void openPools() {
        String told = "";
        while (true) {
            try {
                work(PoolAccess.open(storage, poolsConfig, Pools.MissingMarker.REFUSE));
                return;
            } catch (IOException e) {
                String problem = String.valueOf(e.getMessage());
                if (!problem.equals(told)) {
                    LOG.errorf("no offers are taken yet: %s", problem);
                    told = problem;
                }
            }
            try {
                Thread.sleep(LOOK_AGAIN);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private synchronized void work(Pools pools) throws IOException {
        PathGate gate = new PathGate(storage, pools);
        HeadReader heads = new HeadReader(storage, Clock.systemUTC());
        OverlaySweep sweep = new OverlaySweep(storage, pools, gate, heads, SWEEP_THREADS);
        Scanner scanner = new Scanner(storage, pools, gate, heads, Clock.systemUTC(), SWEEP_THREADS);
        Recheck recheck = new Recheck(scanner, PoolAccess.references(poolsConfig), gate);
        Surveys surveys = new Surveys(ledger, "worker " + owner, config.scanPatience(), Clock.systemUTC());
        RemotePools remote =
                new RemotePools(surveys, Settings.remotePools(poolsConfig), Settings.completePools(poolsConfig));
        Set<PoolName> names = pools.all().stream().map(p -> p.name()).collect(Collectors.toSet());
        JobExecutor merges = new EngineJobs(
                storage,
                pools,
                gate,
                scanner,
                sweep,
                remote,
                recheck,
                hooks(),
                config.batch().asLongValue());
        JobExecutor looks = new PoolWork(storage, poolsConfig, heads, new Answers(ledger.answers()), Clock.systemUTC());
        ClaimedJobs jobs = new ClaimedJobs(
                ledger,
                publisher,
                (run, job, attempt) -> (job.kind().merges() ? merges : looks).run(run, job, attempt),
                metrics,
                config.lease(),
                config.progressEvery(),
                (pool, limits) -> Settings.bytesPerSecondAndSlot(poolsConfig, pool, limits));
        Slots free = new Slots(config.slots(), jobs);
        Slots lookers = new Slots(LOOKS_AT_ONCE, jobs);
        slots = List.of(free, lookers);
        metrics.watch(free, config.slots());
        Claims claims = new Claims(ledger, owner, names, remote.names(), config.lease(), config.leaseMargin());
        for (PoolName pool : names) {
            consumers.add(new OfferConsumer(pool, kafka, claims, free, lookers, publisher));
        }
        taking = true;
        ForgottenJobs forgotten = new ForgottenJobs(
                ledger,
                new JobRunner(
                        storage,
                        pools,
                        gate,
                        new RemoteSweep(sweep, scanner, remote, remote.names(), this::requireWanted),
                        EngineOptions.DEFAULT),
                run -> new GridCheckpoints(ledger.checkpoints(), run));
        Thread.ofPlatform().name("forgotten-jobs").daemon().start(() -> finishForgotten(forgotten, pools));
        LOG.infof("takes offers worker=%s slots=%d pools=%s", owner, config.slots(), names);
    }

    /** A look costs the reading of what was begun in the pools, and one of the ledger for each. */
    private void finishForgotten(ForgottenJobs forgotten, Pools pools) {
        try {
            do {
                forgotten.finish(pools.all(), () -> stopping);
            } while (!stopped.await(config.lease().toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void requireWanted() throws StopRequested {
        if (stopping) {
            throw new StopRequested("the worker stops");
        }
    }

    private Hooks hooks() {
        return new Hooks(
                config.hookBefore().map(argv -> new Program(argv, config.hookTimeout())),
                config.hookAfter().map(argv -> new Program(argv, config.hookTimeout())));
    }

    /** Whether offers are taken; false until the pools are there. */
    boolean isTaking() {
        return taking;
    }

    void stop(@Observes ShutdownEvent event) {
        stopping = true;
        stopped.countDown();
        opener.ifPresent(Thread::interrupt);
        stopWork();
        publisher.close();
    }

    private synchronized void stopWork() {
        consumers.forEach(OfferConsumer::close);
        long endNanos = System.nanoTime() + config.shutdown().toNanos();
        slots.forEach(Slots::stop);
        for (Slots of : slots) {
            if (!of.await(Duration.ofNanos(Math.max(0, endNanos - System.nanoTime())))) {
                LOG.warnf(
                        "jobs did not reach a checkpoint within %s; other workers go on from the last one when the leases are over worker=%s",
                        config.shutdown(), owner);
            }
        }
    }
}
