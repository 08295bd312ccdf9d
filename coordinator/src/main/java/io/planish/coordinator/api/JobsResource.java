package io.planish.coordinator.api;

import io.planish.job.JobRecord;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.RunRecord;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Jobs, addressed as {@code run/job}: looked at, cancelled, tried again, resolved. */
@Path("/api/v1/jobs")
@Blocking
public final class JobsResource {
    private final Ledger ledger;

    JobsResource(Ledger ledger) {
        this.ledger = ledger;
    }

    /** The jobs of one run in the plan's order; without a run those of all runs that are not over. */
    @GET
    public List<JobRecord> list(@QueryParam("run") @Nullable String run) throws LedgerException {
        if (run != null) {
            return of(ledger.runs()
                    .get(run)
                    .orElseThrow(() -> ProblemException.notFound("there is no run '" + run + "'")));
        }
        List<JobRecord> jobs = new ArrayList<>();
        Collection<RunRecord> runs = ledger.runs().all().values();
        for (RunRecord open : runs) {
            if (!open.state().isOver()) {
                jobs.addAll(of(open));
            }
        }
        return jobs;
    }

    private List<JobRecord> of(RunRecord run) throws LedgerException {
        List<String> keys =
                run.jobs().stream().map(j -> JobRecord.key(run.id(), j)).toList();
        var found = ledger.jobs().get(keys);
        return keys.stream()
                .filter(found::containsKey)
                .map(k -> Optional.ofNullable(found.get(k)).orElseThrow())
                .toList();
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
    public JobRecord cancel(String run, String job) throws LedgerException {
        return change(run, job, "cancelled (a commit that has begun can only be finished)", JobRecord::cancelled);
    }

    /** Another try at a job that ended undone; its run goes on. */
    @POST
    @Path("{run}/{job}/retry")
    public JobRecord retry(String run, String job) throws LedgerException {
        JobRecord again = change(run, job, "tried again", JobRecord::retry);
        ledger.runs().update(run, RunRecord::reopened);
        return again;
    }

    /** A person has looked at the files of a job of unknown outcome: its images are open to other jobs again. */
    @POST
    @Path("{run}/{job}/resolve")
    public JobRecord resolve(String run, String job) throws LedgerException {
        JobRecord resolved = change(run, job, "resolved", r -> r.resolved("by REST"));
        ledger.runs().update(run, r -> r.resolved(job));
        return resolved;
    }

    private JobRecord change(String run, String job, String what, Function<JobRecord, Optional<JobRecord>> transition)
            throws LedgerException {
        Optional<JobRecord> changed = ledger.jobs().update(JobRecord.key(run, job), transition);
        if (changed.isPresent()) {
            return changed.get();
        }
        JobRecord there = get(run, job);
        throw ProblemException.conflict("job '" + there.key() + "' is "
                + there.outcome()
                        .map(io.planish.job.Outcomes::name)
                        .orElse(there.state().getClass().getSimpleName().toUpperCase(java.util.Locale.ROOT))
                + " and cannot be " + what);
    }
}
