package io.planish.coordinator.api;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import io.planish.config.PoolsConfig;
import io.planish.coordinator.request.PlanMaker;
import io.planish.plan.Snapshot;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The pools, and the chains in them as they are now. */
@Path("/api/v1/pools")
@Blocking
public final class PoolsResource {
    private final PoolsConfig config;
    private final PlanMaker.Scan scan;

    PoolsResource(PoolsConfig config, PlanMaker.Scan scan) {
        this.config = config;
        this.scan = scan;
    }

    @GET
    public List<PoolView> list() {
        return config.pools().entrySet().stream()
                .map(e -> new PoolView(
                        e.getKey(),
                        e.getValue().path().toString(),
                        e.getValue().hostPath().map(java.nio.file.Path::toString),
                        e.getValue().complete(),
                        e.getValue().slots()))
                .toList();
    }

    /** Scans now; one entry for each image without overlays. */
    @GET
    @Path("{pool}/chains")
    public List<ChainView> chains(String pool) throws IOException {
        if (!config.pools().containsKey(pool)) {
            throw ProblemException.notFound("there is no pool '" + pool + "'");
        }
        Snapshot snapshot = scan.snapshot();
        Forest forest = snapshot.forest();
        return forest.leaves().stream()
                .filter(leaf -> leaf.ref().pool().equals(new PoolName(pool)))
                .map(leaf -> view(forest, leaf))
                .toList();
    }

    private static ChainView view(Forest forest, ImageNode leaf) {
        List<ImageNode> chain = forest.chain(leaf.ref());
        return new ChainView(
                leaf.ref(),
                chain.size(),
                chain.stream().map(ImageNode::ref).toList(),
                chain.stream().anyMatch(n -> n.use() != Use.FREE),
                forest.closed(leaf.ref()));
    }

    /** A pool as configured. */
    public record PoolView(String name, String path, Optional<String> hostPath, boolean complete, int slots) {}

    /**
     * A chain.
     *
     * @param depth how many files it has
     * @param images base first
     * @param inUse whether any of them is open elsewhere
     * @param closed why nothing can be done about it; absent: something may
     */
    public record ChainView(ImageRef leaf, int depth, List<ImageRef> images, boolean inUse, Optional<Problem> closed) {}
}
