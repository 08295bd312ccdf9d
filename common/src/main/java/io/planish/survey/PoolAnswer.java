package io.planish.survey;

import io.planish.chain.BackingLink;
import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.plan.Finding;
import io.planish.plan.PoolState;
import io.planish.plan.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What one host tells of one pool that it mounts.
 *
 * @param pool the pool that was asked for
 * @param takenAt when the scan began, by that host's clock
 * @param pools all that were looked at with it; names that lead into any other are not followed
 * @param referenced images that something outside refers to, as far as that host can tell
 * @param findings what could not be taken in, in any of these pools
 * @param nodes the pool's images, and those of the other pools that depend on one of them or that one of them depends on
 */
public record PoolAnswer(
        PoolName pool,
        Instant takenAt,
        List<PoolState> pools,
        Set<ImageRef> referenced,
        List<Finding> findings,
        List<ImageNode> nodes) {

    public PoolAnswer {
        pools = List.copyOf(pools);
        referenced = Set.copyOf(referenced);
        findings = List.copyOf(findings);
        nodes = List.copyOf(nodes);
    }

    /** The part of a snapshot that is of this pool. */
    public static PoolAnswer of(Snapshot snapshot, PoolName pool) {
        Forest forest = snapshot.forest();
        Map<ImageRef, ImageNode> nodes = new TreeMap<>();
        for (ImageNode node : forest.nodes()) {
            if (node.ref().pool().equals(pool)) {
                nodes.put(node.ref(), node);
                forest.overlays(node.ref()).forEach(overlay -> nodes.put(overlay.ref(), overlay));
                node.backing().ifPresent(link -> addBacking(link, forest, nodes));
            }
        }
        return new PoolAnswer(
                pool,
                snapshot.takenAt(),
                snapshot.pools(),
                snapshot.referenced(),
                snapshot.findings(),
                List.copyOf(nodes.values()));
    }

    private static void addBacking(BackingLink link, Forest forest, Map<ImageRef, ImageNode> into) {
        link.image().flatMap(forest::node).ifPresent(backing -> into.put(backing.ref(), backing));
        link.alsoLeadsTo().forEach(also -> forest.node(also).ifPresent(node -> into.put(node.ref(), node)));
    }

    /** The pool as that host saw it; empty if it could not be looked at. */
    Optional<PoolState> state() {
        return pools.stream().filter(state -> state.name().equals(pool)).findFirst();
    }
}
