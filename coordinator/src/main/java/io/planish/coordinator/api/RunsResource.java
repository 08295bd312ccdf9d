package io.planish.coordinator.api;

import io.planish.chain.PoolName;
import io.planish.coordinator.request.Runs;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.PlanRecord;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Runs: started, looked at, paused, resumed, cancelled. */
@Path("/api/v1/runs")
@Blocking
public final class RunsResource {
    private final Ledger ledger;
    private final Runs runs;

    RunsResource(Ledger ledger, Runs runs) {
        this.ledger = ledger;
        this.runs = runs;
    }

    /** The newest first. */
    @GET
    public List<RunRecord> list(@QueryParam("limit") @DefaultValue("100") int limit) throws LedgerException {
        return ledger.runs().all().values().stream()
                .sorted(Comparator.comparingLong(RunRecord::createdMillis)
                        .reversed()
                        .thenComparing(RunRecord::id))
                .limit(limit)
                .toList();
    }

    /** Carries out a plan made before, or scans and plans first; the same id again is the same run. */
    @POST
    public Response start(RunBody body) throws LedgerException {
        RunRequest request = body.plan() == null ? fresh(body) : planned(body, body.plan());
        RunRecord run = runs.ask(request);
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
                Optional.of(plan));
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
                Optional.empty());
    }

    @GET
    @Path("{id}")
    public RunRecord get(String id) throws LedgerException {
        return ledger.runs().get(id).orElseThrow(() -> missing(id));
    }

    /** Running jobs stop at their next checkpoint; nothing is offered until the run is resumed. */
    @POST
    @Path("{id}/pause")
    public RunRecord pause(String id) throws LedgerException {
        return change(id, "paused", RunRecord::paused);
    }

    @POST
    @Path("{id}/resume")
    public RunRecord resume(String id) throws LedgerException {
        return change(id, "resumed", RunRecord::resumed);
    }

    /** What has not begun is cancelled; a commit that has begun is finished. */
    @POST
    @Path("{id}/cancel")
    public RunRecord cancel(String id) throws LedgerException {
        return change(id, "cancelled", RunRecord::cancelling);
    }

    private RunRecord change(String id, String what, Function<RunRecord, Optional<RunRecord>> transition)
            throws LedgerException {
        Optional<RunRecord> changed = ledger.runs().update(id, transition);
        if (changed.isPresent()) {
            return changed.get();
        }
        RunRecord run = get(id);
        throw ProblemException.conflict("run '" + id + "' is " + run.state() + " and cannot be " + what);
    }

    private static ProblemException missing(String id) {
        return ProblemException.notFound("there is no run '" + id + "'");
    }

    /**
     * What a run is started from.
     *
     * @param id chosen by who asks; absent: a new one
     * @param plan a plan's id; then pools and policy are the plan's
     */
    public record RunBody(
            @Nullable String id,
            @Nullable String plan,
            @Nullable List<PoolName> pools,
            @Nullable String policy) {}
}
