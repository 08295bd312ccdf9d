package io.planish.coordinator.api;

import io.planish.chain.PoolName;
import io.planish.coordinator.ledger.AllRuns;
import io.planish.coordinator.offer.Retries;
import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.job.Outcomes;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.RunRecord;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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

/** Jobs, addressed as {@code run/job}: looked at, cancelled, tried again, resolved. */
@Path("/api/v1/jobs")
@Blocking
public final class JobsResource {
    private static final List<String> STATES = List.of("BLOCKED", "QUEUED", "RUNNING", "FINISHED");
    private static final List<String> OUTCOMES = List.of("DONE", "SKIPPED", "STALE", "FAILED", "CANCELLED", "UNKNOWN");

    private static final int MOST = 10_000;

    private final Ledger ledger;
    private final AllRuns runs;
    private final Steering steering;

    JobsResource(Ledger ledger, AllRuns runs, Steering steering) {
        this.ledger = ledger;
        this.runs = runs;
        this.steering = steering;
    }

    @GET
    @Operation(summary = "The jobs of one run in the plan's order; without a run those of all runs that are not over")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(implementation = JobRecord.class, type = SchemaType.ARRAY)))
    public Response list(
            @QueryParam("run") @Nullable String run,
            @Parameter(description = "BLOCKED, QUEUED, RUNNING or FINISHED") @QueryParam("state") @Nullable
                    String state,
            @Parameter(description = "DONE, SKIPPED, STALE, FAILED, CANCELLED or UNKNOWN")
                    @QueryParam("outcome")
                    @Nullable
                    String outcome,
            @Parameter(description = "of the job's target") @QueryParam("pool") @Nullable PoolName pool,
            @QueryParam("offset") @DefaultValue("0") int offset,
            @QueryParam("limit") @DefaultValue("10000") int limit,
            @Context UriInfo uri)
            throws LedgerException {
        requireOneOf(STATES, "state", state);
        requireOneOf(OUTCOMES, "outcome", outcome);
        List<JobRecord> jobs = (run == null ? open() : of(get(run)))
                .stream()
                        .filter(j -> state == null || name(j.state()).equals(state))
                        .filter(j -> outcome == null
                                || j.outcome().map(Outcomes::name).equals(Optional.of(outcome)))
                        .filter(j -> pool == null || j.job().target().pool().equals(pool))
                        .toList();
        return Page.of(jobs, offset, limit, MOST, uri);
    }

    private static void requireOneOf(List<String> known, String parameter, @Nullable String value) {
        if (value != null && !known.contains(value)) {
            throw new IllegalArgumentException(
                    parameter + " is '" + value + "', but must be one of " + String.join(", ", known));
        }
    }

    private List<JobRecord> open() throws LedgerException {
        List<JobRecord> jobs = new ArrayList<>();
        for (RunRecord run : runs.read()) {
            if (!run.state().isOver()) {
                jobs.addAll(of(run));
            }
        }
        return jobs;
    }

    private List<JobRecord> of(RunRecord run) throws LedgerException {
        var found = Retries.jobs(ledger, run);
        return run.jobs().stream().map(found::get).filter(Objects::nonNull).toList();
    }

    private RunRecord get(String run) throws LedgerException {
        return ledger.runs().get(run).orElseThrow(() -> ProblemException.notFound("there is no run '" + run + "'"));
    }

    @GET
    @Path("{run}/{job}")
    public JobRecord get(String run, String job) throws LedgerException {
        return ledger.jobs()
                .get(JobRecord.key(run, job))
                .orElseThrow(() -> ProblemException.notFound("there is no job '" + JobRecord.key(run, job) + "'"));
    }

    @POST
    @Path("{run}/{job}/cancel")
    @Operation(
            summary = "Ends a job, or asks its worker to",
            description = "A commit that has begun can only be finished.")
    public JobRecord cancel(String run, String job) throws LedgerException {
        JobRecord cancelled =
                change(run, job, "cancelled (a commit that has begun can only be finished)", JobRecord::cancelled);
        steering.told(cancelled, "CANCEL", "");
        return cancelled;
    }

    /** Another try at a job that ended undone, and at those that were skipped because of it; its run goes on. */
    @POST
    @Path("{run}/{job}/retry")
    @Operation(
            summary = "Tries a job again that ended undone",
            description = "And those that were skipped because of it.")
    public JobRecord retry(String run, String job) throws LedgerException {
        JobRecord before = get(run, job);
        RunRecord of = get(run);
        List<String> again = Retries.withDependents(
                of, Retries.jobs(ledger, of), j -> j.job().id().equals(job));
        Optional<RunRecord> wanted =
                again.isEmpty() ? Optional.empty() : ledger.runs().update(run, r -> r.retrying(again));
        if (wanted.isEmpty()) {
            throw refusal(before, "tried again" + (again.isEmpty() ? "" : " while its run is " + of.state()));
        }
        Retries.carryOut(ledger, wanted.get());
        steering.told(before, "RETRY", again.toString());
        return get(run, job);
    }

    /** A person has looked at the files of a job of unknown outcome: its images are open to other jobs again. */
    @POST
    @Path("{run}/{job}/resolve")
    @Operation(
            summary = "Says that a person has looked at the files of a job of unknown outcome",
            description = "Its images are open to other jobs again; it counts as FAILED, and may be tried again.")
    @RequestBody(
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(implementation = Resolution.class),
                            examples =
                                    @ExampleObject(
                                            name = "checked",
                                            value = "{\"note\": \"planish check finds nothing\"}")))
    public JobRecord resolve(String run, String job, @Nullable Resolution resolution) throws LedgerException {
        String note = resolution == null || resolution.note() == null ? "" : resolution.note();
        JobRecord resolved = change(run, job, "resolved", r -> r.resolved(note.isEmpty() ? "by REST" : note));
        ledger.runs().update(run, r -> r.resolved(job));
        steering.told(resolved, "RESOLVE", note);
        return resolved;
    }

    private JobRecord change(String run, String job, String what, Function<JobRecord, Optional<JobRecord>> transition)
            throws LedgerException {
        Optional<JobRecord> changed = ledger.jobs().update(JobRecord.key(run, job), transition);
        if (changed.isPresent()) {
            return changed.get();
        }
        throw refusal(get(run, job), what);
    }

    private static ProblemException refusal(JobRecord there, String what) {
        return ProblemException.conflict("job '" + there.key() + "' is "
                + there.outcome().map(Outcomes::name).orElse(name(there.state())) + " and cannot be " + what);
    }

    private static String name(JobState state) {
        return switch (state) {
            case JobState.Blocked s -> "BLOCKED";
            case JobState.Queued s -> "QUEUED";
            case JobState.Running s -> "RUNNING";
            case JobState.Finished s -> "FINISHED";
        };
    }

    /** What the person found. */
    public record Resolution(@Nullable String note) {}
}
