package io.planish.coordinator.api;

import io.planish.chain.PoolName;
import io.planish.coordinator.request.PlanMaker;
import io.planish.coordinator.request.Runs;
import io.planish.ledger.Ledger;
import io.planish.plan.Tightening;
import io.planish.run.PlanRecord;
import io.planish.run.RunRequest;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.jspecify.annotations.Nullable;

/** Plans: made for review, started as a run by {@code POST runs}. */
@Path("/api/v1/plans")
@Blocking
public final class PlansResource {
    private final Ledger ledger;
    private final Runs runs;
    private final PlanMaker maker;

    PlansResource(Ledger ledger, Runs runs, PlanMaker maker) {
        this.ledger = ledger;
        this.runs = runs;
        this.maker = maker;
    }

    /** Scans and plans now, and answers when that is done. */
    @POST
    @Operation(
            summary = "Scans and plans now, and answers when that is done",
            description = "Nothing is started: POST runs {plan} does.")
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(implementation = PlanBody.class),
                            examples =
                                    @ExampleObject(
                                            name = "one pool",
                                            value =
                                                    "{\"pools\": [\"gold\"], \"policy\": \"nightly\", \"keep\": [\"templates/\"]}")))
    @APIResponse(
            responseCode = "201",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = PlanRecord.class)))
    public Response make(@Nullable PlanBody given) throws IOException, PlanMaker.NoPlanException {
        PlanBody body = Bodies.required(given);
        RunRequest request = new RunRequest(
                RunRequest.VERSION,
                "plan-" + UUID.randomUUID(),
                RunRequest.Origin.API,
                body.pools() == null ? List.of() : body.pools(),
                Optional.empty(),
                body.policy() == null ? "default" : body.policy(),
                body.keep() == null ? List.of() : body.keep(),
                body.protect() == null ? List.of() : body.protect(),
                Optional.ofNullable(body.tighten()),
                Optional.empty(),
                Optional.empty(),
                0);
        runs.check(request);
        PlanRecord plan = new PlanRecord(
                PlanRecord.VERSION, request.id(), request, maker.plan(request), System.currentTimeMillis());
        ledger.plans().put(plan.id(), plan);
        return Response.created(URI.create("/api/v1/plans/" + plan.id()))
                .entity(plan)
                .build();
    }

    @GET
    @Path("{id}")
    public PlanRecord get(String id) throws IOException {
        return ledger.plans().get(id).orElseThrow(() -> ProblemException.notFound("there is no plan '" + id + "'"));
    }

    /** What a plan is to be made for. */
    public record PlanBody(
            @Nullable List<PoolName> pools,
            @Nullable String policy,
            @Nullable List<String> keep,
            @Nullable List<String> protect,
            @Nullable Tightening tighten) {
        public PlanBody {
            pools = pools == null ? null : List.copyOf(pools);
            keep = keep == null ? null : List.copyOf(keep);
            protect = protect == null ? null : List.copyOf(protect);
        }
    }
}
