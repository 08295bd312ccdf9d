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
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.jspecify.annotations.Nullable;

/** The pools, and the chains in them as they are now. */
@Path("/api/v1/pools")
@Blocking
public final class PoolsResource {
    private static final int MOST = 10_000;

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
                        e.getValue().path().map(String::valueOf),
                        e.getValue().hostPath().map(java.nio.file.Path::toString),
                        e.getValue().complete(),
                        e.getValue().slots()))
                .toList();
    }

    /** Scans now; one entry for each image without overlays. */
    @GET
    @Path("{pool}/chains")
    @Operation(
            summary = "The chains of a pool as they are now",
            description = "Scans; one for each image without overlays.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(implementation = ChainView.class, type = SchemaType.ARRAY)))
    public Response chains(
            String pool,
            @Parameter(description = "only chains of at least so many files") @QueryParam("minDepth") @DefaultValue("0")
                    int minDepth,
            @QueryParam("inUse") @Nullable Boolean inUse,
            @QueryParam("offset") @DefaultValue("0") int offset,
            @QueryParam("limit") @DefaultValue("10000") int limit,
            @Context UriInfo uri)
            throws IOException {
        if (!config.pools().containsKey(pool)) {
            throw ProblemException.notFound("there is no pool '" + pool + "'");
        }
        Snapshot snapshot = scan.snapshot();
        Forest forest = snapshot.forest();
        List<ChainView> chains = forest.leaves().stream()
                .filter(leaf -> leaf.ref().pool().equals(new PoolName(pool)))
                .map(leaf -> view(forest, leaf))
                .filter(chain -> chain.depth() >= minDepth)
                .filter(chain -> inUse == null || inUse == chain.inUse())
                .toList();
        return Page.of(chains, offset, limit, MOST, uri);
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

    /** A pool as configured; without a path it is not mounted here, and looked at by workers. */
    public record PoolView(
            String name, Optional<String> path, Optional<String> hostPath, boolean complete, int slots) {}

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
