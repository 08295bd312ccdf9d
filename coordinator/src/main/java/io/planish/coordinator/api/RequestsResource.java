package io.planish.coordinator.api;

import io.planish.coordinator.ledger.AllRuns;
import io.planish.coordinator.request.RequestBody;
import io.planish.coordinator.request.Runs;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.Refusal;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.planish.run.RunState;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.jspecify.annotations.Nullable;

/** Requests: the same as come by topic. Each is answered by the run it leads to. */
@Path("/api/v1/requests")
@Blocking
public final class RequestsResource {
    private static final int PREFIX = RequestBody.runId("").length();

    private final Ledger ledger;
    private final AllRuns allRuns;
    private final Runs runs;
    private final Caller caller;

    RequestsResource(Ledger ledger, AllRuns allRuns, Runs runs, Caller caller) {
        this.ledger = ledger;
        this.allRuns = allRuns;
        this.runs = runs;
        this.caller = caller;
    }

    @GET
    @Operation(summary = "The runs that requests led to, the newest first")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(implementation = RunRecord.class, type = SchemaType.ARRAY)))
    public Response list(
            @QueryParam("state") @Nullable RunState state,
            @QueryParam("offset") @DefaultValue("0") int offset,
            @QueryParam("limit") @DefaultValue("100") int limit,
            @Context UriInfo uri)
            throws LedgerException {
        return Page.of(
                RunsResource.newest(allRuns, state, RunRequest.Origin.REQUEST), offset, limit, RunsResource.MOST, uri);
    }

    /** Takes a request; the same id again is the same request, and leads to one run. */
    @POST
    @Operation(
            summary = "Asks for a run",
            description = "Idempotent by id. What comes of it: GET requests/{id}, and the topic planish.events.")
    @org.eclipse.microprofile.openapi.annotations.parameters.RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(implementation = RequestBody.class),
                            examples = @ExampleObject(name = "one image, more gently than the policy", value = """
                                                    {"id": "vm-17-2026-11", "pool": "gold", "image": "vm-17/disk.qcow2", "policy": "nightly",
                                                     "tighten": {"direction": "PULL"}, "priority": 5,
                                                     "limits": {"window": {"times": "22:00-06:00", "zone": "Europe/Berlin"}}}""")))
    @APIResponse(
            responseCode = "202",
            description = "The run; Location is where its answer is",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = RunRecord.class)))
    @APIResponse(
            responseCode = "400",
            description = "Refused, with the reason",
            content =
                    @Content(
                            mediaType = Problem.MEDIA_TYPE,
                            schema = @Schema(implementation = Problem.class),
                            examples = @ExampleObject(name = "refused", value = """
                                                    {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "pool 'lead' is not configured; there are [gold]"}""")))
    public Response ask(@Nullable RequestBody given) throws LedgerException {
        RequestBody body = Bodies.required(given);
        String id = body.id() == null ? UUID.randomUUID().toString() : body.id();
        RunRecord run = runs.ask(body.toRun(RequestBody.runId(id)), caller.name());
        return Response.accepted(run)
                .location(URI.create("/api/v1/requests/" + run.id().substring(PREFIX)))
                .build();
    }

    /** By the request's id, or, for those of tenants, by the run's. */
    @GET
    @Path("{id}")
    @Operation(
            summary = "What came of a request",
            description =
                    "The run it led to, or state REFUSED and the reason in error. Requests of tenants: tenant_NAME_ID.")
    public Response get(String id) throws LedgerException {
        for (String run : List.of(RequestBody.runId(id), id)) {
            Optional<RunRecord> found =
                    ledger.runs().get(run).filter(r -> r.request().origin() == RunRequest.Origin.REQUEST);
            if (found.isPresent()) {
                return Response.ok(found.get()).build();
            }
            Optional<Refusal> refused = ledger.refusals().get(run);
            if (refused.isPresent()) {
                return Response.ok(refused.get()).build();
            }
        }
        throw ProblemException.notFound("there is no request '" + id + "'");
    }
}
