package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the pools held at one moment: the planner's whole view of the world.
 *
 * @param id unique, {@code [a-z0-9-]+}
 * @param takenAt when the scan began
 * @param referenced images that something outside names; kept, content and name, unless the policy drops restore points
 * @param findings what could not be taken in
 */
public record Snapshot(
        String id,
        Instant takenAt,
        List<PoolState> pools,
        Forest forest,
        Ownership ownership,
        Set<ImageRef> referenced,
        List<Finding> findings) {

    public Snapshot {
        pools = List.copyOf(pools);
        referenced = Set.copyOf(referenced);
        findings = List.copyOf(findings);
    }

    public Optional<PoolState> pool(PoolName name) {
        return pools.stream().filter(pool -> pool.name().equals(name)).findFirst();
    }

    /** The same snapshot, knowing what is referenced from outside, under whichever of its names. */
    public Snapshot withReferenced(Set<ImageRef> references) {
        Set<ImageRef> nodes = references.stream()
                .map(name -> forest.node(name).map(ImageNode::ref).orElse(name))
                .collect(Collectors.toSet());
        return new Snapshot(id, takenAt, pools, forest, ownership, nodes, findings);
    }
}
