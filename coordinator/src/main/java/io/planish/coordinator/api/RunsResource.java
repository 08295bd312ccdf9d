package io.planish.coordinator.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.planish.chain.PoolName;
import io.planish.coordinator.ledger.AllRuns;
import io.planish.coordinator.offer.Retries;
import io.planish.coordinator.request.Runs;
import io.planish.job.Outcomes;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.plan.Policy;
import io.planish.run.PlanRecord;
import io.planish.run.RunLimits;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.planish.run.RunState;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.net.URI;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.jspecify.annotations.Nullable;

/** Runs: started, looked at, paused, resumed, cancelled, made harder or gentler, tried again. */
@Path("/api/v1/runs")
@Blocking
public final class RunsResource {
    static final int MOST = 1000;

    private final Ledger ledger;
    private final AllRuns allRuns;
    private final Runs runs;
    private final Caller caller;
    private final Steering steering;

    RunsResource(Ledger ledger, AllRuns allRuns, Runs runs, Caller caller, Steering steering) {
        this.ledger = ledger;
        this.allRuns = allRuns;
        this.runs = runs;
        this.caller = caller;
        this.steering = steering;
    }

    @GET
    @Operation(summary = "Runs, the newest first")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(implementation = RunRecord.class, type = SchemaType.ARRAY)))
    public Response list(
            @QueryParam("state") @Nullable RunState state,
            @QueryParam("origin") RunRequest.@Nullable Origin origin,
            @QueryParam("offset") @DefaultValue("0") int offset,
            @QueryParam("limit") @DefaultValue("100") int limit,
            @Context UriInfo uri)
            throws LedgerException {
        return Page.of(newest(allRuns, state, origin), offset, limit, MOST, uri);
    }

    static List<RunRecord> newest(AllRuns runs, @Nullable RunState state, RunRequest.@Nullable Origin origin)
            throws LedgerException {
        return runs.read().stream()
                .filter(r -> state == null || r.state() == state)
                .filter(r -> origin == null || r.request().origin() == origin)
                .sorted(Comparator.comparingLong(RunRecord::createdMillis)
                        .reversed()
                        .thenComparing(RunRecord::id))
                .toList();
    }

    /** Carries out a plan made before, or scans and plans first; the same id again is the same run. */
    @POST
    @Operation(summary = "Starts a run", description = "From a plan made before, or scanned and planned first.")
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(implementation = RunBody.class),
                            examples = {
                                @ExampleObject(name = "a plan", value = "{\"plan\": \"plan-0b8e…\"}"),
                                @ExampleObject(name = "two pools, gently, at night", value = """
                                                {"pools": ["gold", "silver"], "policy": "nightly", "limits": {"pools": {"gold": {"slots": 1, "bytesPerSecond": 50000000}},
                                                 "window": {"times": "mon-fri 22:00-06:00, sat-sun 00:00-24:00", "zone": "Europe/Berlin"}}}""")
                            }))
    @APIResponse(
            responseCode = "202",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = RunRecord.class)))
    public Response start(@Nullable RunBody given) throws LedgerException {
        RunBody body = Bodies.required(given);
        RunRequest request = body.plan() == null ? fresh(body) : planned(body, body.plan());
        RunRecord run = runs.ask(request, caller.name());
        return Response.accepted(run)
                .location(URI.create("/api/v1/runs/" + run.id()))
                .build();
    }

    private RunRequest planned(RunBody body, String plan) throws LedgerException {
        PlanRecord record = ledger.plans()
                .get(plan)
                .orElseThrow(() -> ProblemException.notFound("there is no plan '" + plan + "'"));
        RunRequest asked = record.request();
        return new RunRequest(
                RunRequest.VERSION,
                body.id() == null ? "run-" + plan : body.id(),
                RunRequest.Origin.API,
                asked.pools(),
                asked.image(),
                asked.policy(),
                asked.keep(),
                asked.protect(),
                asked.tighten(),
                Optional.of(plan),
                Optional.ofNullable(body.limits()),
                priority(body));
    }

    private static RunRequest fresh(RunBody body) {
        return new RunRequest(
                RunRequest.VERSION,
                body.id() == null ? "run-" + UUID.randomUUID() : body.id(),
                RunRequest.Origin.API,
                body.pools() == null ? List.of() : body.pools(),
                Optional.empty(),
                body.policy() == null ? "default" : body.policy(),
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.ofNullable(body.limits()),
                priority(body));
    }

    private static int priority(RunBody body) {
        return body.priority() == null ? 0 : body.priority();
    }

    @GET
    @Path("{id}")
    public RunRecord get(String id) throws LedgerException {
        return ledger.runs().get(id).orElseThrow(() -> missing(id));
    }

    /** Running jobs stop at their next checkpoint; nothing is planned or offered until the run is resumed. */
    @POST
    @Path("{id}/pause")
    @Operation(summary = "Stops a run until it is resumed", description = "Running jobs stop at their next checkpoint.")
    public RunRecord pause(String id) throws LedgerException {
        return change(id, "PAUSE", "", "paused", RunRecord::paused);
    }

    @POST
    @Path("{id}/resume")
    @Operation(summary = "Lets a paused run go on")
    public RunRecord resume(String id) throws LedgerException {
        return change(id, "RESUME", "", "resumed", RunRecord::resumed);
    }

    /** What has not begun is cancelled; a commit that has begun is finished. */
    @POST
    @Path("{id}/cancel")
    @Operation(
            summary = "Ends a run early",
            description =
                    "What has not begun is cancelled, pulls stop; a commit that has begun can only be finished, and is.")
    public RunRecord cancel(String id) throws LedgerException {
        return change(id, "CANCEL", "", "cancelled", RunRecord::cancelling);
    }

    /** How hard and when the run works from now on. */
    @PATCH
    @Path("{id}/limits")
    @Consumes({"application/merge-patch+json", "application/json"})
    @Operation(
            summary = "Changes how hard and when a run works",
            description =
                    "A merge patch (RFC 7396): what is not named stays as it is, null takes a limit back. Less than the pools are"
                            + " configured for, never more. Rates and windows hold for running jobs with their next renewal of the"
                            + " lease; of surplus jobs none is stopped, but no other begins.")
    @RequestBody(
            required = true,
            content =
                    @Content(
                            schema = @Schema(implementation = RunLimits.class),
                            examples = {
                                @ExampleObject(
                                        name = "one job at a time in gold",
                                        value = "{\"pools\": {\"gold\": {\"slots\": 1}}}"),
                                @ExampleObject(
                                        name = "gold as fast as it can, and now",
                                        value = "{\"pools\": {\"gold\": {\"bytesPerSecond\": null}}, \"window\": null}")
                            }))
    public RunRecord limit(String id, @Nullable JsonNode given) throws LedgerException {
        JsonNode patch = Bodies.required(given);
        return change(id, "LIMIT", patch.toString(), "limited", run -> {
            RunLimits limits = run.limits().changed(patch);
            runs.check(limits, run.policy().orElse(Policy.DEFAULT));
            return run.limited(limits);
        });
    }

    /** Other tries at all jobs that ended so, and at what was skipped because of them; a run that could not be planned is planned again. */
    @POST
    @Path("{id}/retry")
    @Operation(
            summary = "Tries jobs again that ended undone",
            description =
                    "And those that were skipped because of them. Of a run that could not be planned the planning.")
    public RunRecord retry(
            String id,
            @Parameter(description = "FAILED, SKIPPED, STALE or CANCELLED; several are possible")
                    @QueryParam("outcome")
                    @DefaultValue("FAILED")
                    List<String> outcomes)
            throws LedgerException {
        RunRecord run = get(id);
        if (run.state() == RunState.FAILED) {
            return change(id, "RETRY", "planning", "planned again", RunRecord::replanned);
        }
        List<String> again = Retries.withDependents(
                run,
                Retries.jobs(ledger, run),
                job -> job.outcome()
                        .map(Outcomes::name)
                        .filter(outcomes::contains)
                        .isPresent());
        if (again.isEmpty()) {
            throw ProblemException.conflict("run '" + id + "' has no job that ended " + String.join(" or ", outcomes));
        }
        RunRecord changed = change(id, "RETRY", again.toString(), "tried again", r -> r.retrying(again));
        Retries.carryOut(ledger, changed);
        return get(id);
    }

    private RunRecord change(
            String id, String what, String detail, String done, Function<RunRecord, Optional<RunRecord>> transition)
            throws LedgerException {
        Optional<RunRecord> changed = ledger.runs().update(id, transition);
        if (changed.isPresent()) {
            steering.told(changed.get(), what, detail);
            return changed.get();
        }
        RunRecord run = get(id);
        throw ProblemException.conflict("run '" + id + "' is " + run.state() + " and cannot be " + done);
    }

    private static ProblemException missing(String id) {
        return ProblemException.notFound("there is no run '" + id + "'");
    }

    /**
     * What a run is started from.
     *
     * @param id chosen by who asks; absent: a new one
     * @param plan a plan's id; then pools and policy are the plan's
     * @param limits how hard and when it works
     * @param priority 0 to 9: those with a higher one go first; absent: 0
     */
    public record RunBody(
            @Nullable String id,
            @Nullable String plan,
            @Nullable List<PoolName> pools,
            @Nullable String policy,
            @Nullable RunLimits limits,
            @Nullable Integer priority) {
        public RunBody {
            pools = pools == null ? null : List.copyOf(pools);
        }
    }
}
