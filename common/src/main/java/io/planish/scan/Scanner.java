package io.planish.scan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.PoolName;
import io.planish.job.SkipReason;
import io.planish.plan.Finding;
import io.planish.plan.Ownership;
import io.planish.plan.PoolState;
import io.planish.plan.Snapshot;
import io.planish.storage.FileStatus;
import io.planish.storage.Holders;
import io.planish.storage.PathGate;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import io.planish.trash.LeftInPlace;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Looks through all pools and tells what stands there.
 *
 * <p>Changes nothing, reads the beginnings of files only, and of these only what its {@link HeadReader} does not know. What cannot be read is told of and stops nothing; but then overlays may hide there, and no pool counts as
 * complete. Whether an image is open elsewhere is asked only for images of chains of two and more. Thread-safe.
 */
public final class Scanner {
    private final Storage storage;
    private final Pools pools;
    private final PathGate gate;
    private final HeadReader heads;
    private final InstantSource clock;
    private final int threads;
    private final Predicate<Path> enters;

    /** @param threads how many folders are looked at at once */
    public Scanner(Storage storage, Pools pools, PathGate gate, HeadReader heads, InstantSource clock, int threads) {
        this(storage, pools, gate, heads, clock, threads, folder -> true);
    }

    /** @param enters which folders inside the pools' roots are looked into */
    public Scanner(
            Storage storage,
            Pools pools,
            PathGate gate,
            HeadReader heads,
            InstantSource clock,
            int threads,
            Predicate<Path> enters) {
        this.storage = storage;
        this.pools = pools;
        this.gate = gate;
        this.heads = heads;
        this.clock = clock;
        this.threads = threads;
        this.enters = enters;
    }

    /**
     * Takes a snapshot of all pools. What images own is read later, when the snapshot's {@code ownership} is asked.
     *
     * @throws java.io.InterruptedIOException if this thread is interrupted
     */
    public Snapshot scan() throws IOException {
        return scan(ScanProgress.Listener.NOBODY);
    }

    /** The same, telling how far it has come. */
    public Snapshot scan(ScanProgress.Listener listener) throws IOException {
        return scan(true, listener);
    }

    /** The same without asking who has images open: every image counts as free. For those who take locks themselves. */
    public Snapshot scanWithoutUse() throws IOException {
        return scan(false, ScanProgress.Listener.NOBODY);
    }

    /** What images of these pools own, by their formats in this forest. */
    public Ownership ownership(Forest forest) {
        return new StoredOwnership(storage, gate, forest);
    }

    private Snapshot scan(boolean askForUse, ScanProgress.Listener listener) throws IOException {
        var takenAt = clock.instant();
        ScanProgress progress = new ScanProgress();
        Sighting sighting = new Sighting(storage, gate, heads, askForUse, progress);
        try (ScanWorkers workers = new ScanWorkers(threads, () -> listener.progress(progress))) {
            new PoolWalk(storage, pools, enters).walk(sighting, workers);
            sighting.settleNames();
            NodeMaker maker = new NodeMaker(sighting, new BackingResolver(gate, sighting), leftInPlace(sighting));
            List<ImageNode> nodes = maker.make(workers);
            if (askForUse) {
                new UseProbe(storage, new Holders(), sighting, progress).ask(nodes, workers);
            }
            listener.progress(progress);
            List<Finding> findings = new ArrayList<>(sighting.findings());
            Forest forest = Forest.of(nodes);
            return new Snapshot(
                    UUID.randomUUID().toString(),
                    takenAt,
                    poolStates(findings, maker),
                    forest,
                    ownership(forest),
                    Set.of(),
                    findings);
        }
    }

    /** Where all overlays of a pool's images are known, what nobody stands on is a disk. */
    private Map<PoolName, Map<String, LeftInPlace.Layer>> leftInPlace(Sighting sighting) {
        Map<PoolName, Map<String, LeftInPlace.Layer>> left = new HashMap<>();
        for (Pool pool : pools.all()) {
            try {
                left.put(pool.name(), pool.complete() ? Map.of() : new LeftInPlace(storage, pool).layers());
            } catch (IOException e) {
                sighting.unknown(pool, e);
            }
        }
        return left;
    }

    private List<PoolState> poolStates(List<Finding> findings, NodeMaker maker) {
        boolean nothingHidden = findings.stream().noneMatch(Finding::mayHide);
        List<PoolState> states = new ArrayList<>();
        for (Pool pool : pools.all()) {
            try {
                FileStatus root = storage.status(pool.root());
                states.add(new PoolState(
                        pool.name(),
                        pool.id(),
                        pool.complete() && nothingHidden,
                        storage.freeBytes(pool.root()),
                        maker.filesystem(root.device()),
                        storage.clones(pool.root())));
            } catch (IOException e) {
                findings.add(Sighting.finding(pool.name().value(), SkipReason.UNREADABLE, e));
            }
        }
        return states;
    }
}
