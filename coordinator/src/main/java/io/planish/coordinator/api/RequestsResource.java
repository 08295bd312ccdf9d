package io.planish.coordinator.api;

import io.planish.coordinator.request.RequestBody;
import io.planish.coordinator.request.Runs;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.util.List;
import java.util.UUID;

/** Requests: the same as come by topic. Each is answered by the run it leads to. */
@Path("/api/v1/requests")
@Blocking
public final class RequestsResource {
    private static final int PREFIX = RequestBody.runId("").length();

    private final Ledger ledger;
    private final Runs runs;

    RequestsResource(Ledger ledger, Runs runs) {
        this.ledger = ledger;
        this.runs = runs;
    }

    @GET
    public List<RunRecord> list() throws LedgerException {
        return ledger.runs().all().values().stream()
                .filter(r -> r.request().origin() == RunRequest.Origin.REQUEST)
                .toList();
    }

    /** Takes a request; the same id again is the same request, and leads to one run. */
    @POST
    public Response ask(RequestBody body) throws LedgerException {
        RunRecord run = runs.ask(body.toRun(UUID.randomUUID().toString()));
        return Response.accepted(run)
                .location(URI.create("/api/v1/requests/" + run.id().substring(PREFIX)))
                .build();
    }

    @GET
    @Path("{id}")
    public RunRecord get(String id) throws LedgerException {
        return ledger.runs()
                .get(RequestBody.runId(id))
                .orElseThrow(() -> ProblemException.notFound("there is no request '" + id + "'"));
    }
}
