package io.planish.coordinator;

import io.planish.config.PoolAccess;
import io.planish.config.PoolsConfig;
import io.planish.config.Settings;
import io.planish.coordinator.request.PlanMaker;
import io.planish.coordinator.watch.FleetMetrics;
import io.planish.ledger.Ledger;
import io.planish.plan.Snapshot;
import io.planish.remote.RemotePools;
import io.planish.remote.Surveys;
import io.planish.scan.HeadReader;
import io.planish.scan.Scanner;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;

/**
 * Scans the configured pools; those that are not mounted here are looked at by workers that mount them. They are opened anew each time: a mount that
 * went away since is noticed.
 */
@Singleton
final class PoolScan implements PlanMaker.Scan {
    private static final int THREADS = 4;

    private final PoolsConfig config;
    private final Clock clock;
    private final FleetMetrics metrics;
    private final Storage storage = new LinuxStorage();
    private final HeadReader heads;
    private final RemotePools remote;

    PoolScan(PoolsConfig config, CoordinatorConfig coordinator, Ledger ledger, Clock clock, FleetMetrics metrics) {
        this.config = config;
        this.clock = clock;
        this.metrics = metrics;
        this.heads = new HeadReader(storage, clock);
        String name = "coordinator " + coordinator.name().orElse("");
        this.remote = new RemotePools(
                new Surveys(ledger, name.strip(), coordinator.scanPatience(), clock),
                Settings.remotePools(config),
                Settings.completePools(config));
    }

    /** Gives each pool that is mounted here its marker that has none, as the first one who may write. */
    void markPools() throws IOException {
        PoolAccess.open(storage, config, Pools.MissingMarker.CREATE);
    }

    @Override
    public Snapshot snapshot() throws IOException {
        long begunNanos = System.nanoTime();
        Pools pools = PoolAccess.open(storage, config, Pools.MissingMarker.REFUSE);
        PathGate gate = new PathGate(storage, pools);
        Scanner scanner = new Scanner(storage, pools, gate, heads, clock, THREADS);
        Snapshot snapshot = remote.snapshot(
                scanner,
                () -> scanner.scan()
                        .withReferenced(PoolAccess.references(config).images(gate)));
        metrics.scanned(snapshot, Duration.ofNanos(System.nanoTime() - begunNanos));
        return snapshot;
    }
}
