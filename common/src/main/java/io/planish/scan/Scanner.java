package io.planish.scan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import io.planish.job.SkipReason;
import io.planish.plan.Finding;
import io.planish.plan.PoolState;
import io.planish.plan.Snapshot;
import io.planish.storage.FileStatus;
import io.planish.storage.PathGate;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Looks through all pools and tells what stands there.
 *
 * <p>Changes nothing. What cannot be read is told of and stops nothing; but then overlays may hide there, and no pool counts as
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
        return scan(true);
    }

    /** The same without asking who has images open: every image counts as free. For those who take locks themselves. */
    public Snapshot scanWithoutUse() throws IOException {
        return scan(false);
    }

    private Snapshot scan(boolean askForUse) throws IOException {
        var takenAt = clock.instant();
        Sighting sighting = new Sighting(gate, heads);
        new PoolWalk(storage, pools, threads, enters).walk(sighting);
        sighting.settleNames();
        NodeMaker maker = new NodeMaker(sighting, new BackingResolver(gate));
        Forest found = Forest.of(maker.make());
        List<Finding> findings = new ArrayList<>(sighting.findings());
        Forest forest = askForUse ? probed(found, sighting, findings) : found;
        return new Snapshot(
                UUID.randomUUID().toString(),
                takenAt,
                poolStates(findings, maker),
                forest,
                new StoredOwnership(storage, gate, forest),
                Set.of(),
                findings);
    }

    private Forest probed(Forest forest, Sighting sighting, List<Finding> findings) {
        UseProbe probe = new UseProbe(storage, new Holders(Path.of("/proc")));
        List<ImageNode> nodes = new ArrayList<>();
        for (ImageNode node : forest.nodes()) {
            boolean inChain =
                    node.backing().isPresent() || !forest.overlays(node.ref()).isEmpty();
            nodes.add(inChain ? probed(node, sighting, probe, findings) : node);
        }
        return Forest.of(nodes);
    }

    private static ImageNode probed(ImageNode node, Sighting sighting, UseProbe probe, List<Finding> findings) {
        FoundFile file = sighting.file(node.ref()).orElseThrow();
        try {
            UseProbe.Answer answer = probe.ask(file);
            ImageNode used = answer.use() == Use.FREE ? node : node.withUse(answer.use());
            for (Problem problem : answer.problems()) {
                used = used.withProblem(problem);
            }
            return used;
        } catch (IOException e) {
            Finding finding = Sighting.finding(node.ref().toString(), SkipReason.UNREADABLE, e);
            findings.add(finding);
            return node.withProblem(finding.problem());
        }
    }

    private List<PoolState> poolStates(List<Finding> findings, NodeMaker maker) {
        boolean nothingHidden = findings.isEmpty();
        List<PoolState> states = new ArrayList<>();
        for (Pool pool : pools.all()) {
            try {
                FileStatus root = storage.status(pool.root());
                states.add(new PoolState(
                        pool.name(),
                        pool.id(),
                        pool.complete() && nothingHidden,
                        storage.freeBytes(pool.root()),
                        maker.filesystem(root.device())));
            } catch (IOException e) {
                findings.add(Sighting.finding(pool.name().value(), SkipReason.UNREADABLE, e));
            }
        }
        return states;
    }
}
