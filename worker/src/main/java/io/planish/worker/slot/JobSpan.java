package io.planish.worker.slot;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.trace.Traces;
import io.planish.worker.claim.Claim;

/** One attempt at a job in the trace of its run: all of it, merging or looking at a pool, relinking. Not thread-safe. */
final class JobSpan implements AutoCloseable {
    private final Span job;
    private Span phase;

    private JobSpan(Span job, String firstPhase) {
        this.job = job;
        this.phase = Traces.inside(job, firstPhase);
    }

    static JobSpan of(Claim claim) {
        Job job = claim.record().job();
        Span span = Traces.below(claim.run().trace(), "job", SpanKind.CONSUMER)
                .setAttribute("planish.run", claim.run().id())
                .setAttribute("planish.job", job.id())
                .setAttribute("planish.kind", job.kind().name())
                .setAttribute("planish.attempt", claim.epoch())
                .setAttribute("planish.worker", claim.owner())
                .setAttribute("planish.image", job.target().toString())
                .startSpan();
        return new JobSpan(span, job.kind().merges() ? "merge" : "look");
    }

    /** All content is in the target: what follows are links and names. */
    void relinks() {
        phase.end();
        phase = Traces.inside(job, "relink");
    }

    void ended(JobResult result) {
        job.setAttribute("planish.outcome", Outcomes.name(result.outcome()));
        job.setAttribute("planish.copied", result.bytesCopied());
        if (result.outcome() instanceof Outcome.Failed || result.outcome() instanceof Outcome.Unknown) {
            job.setStatus(StatusCode.ERROR, Outcomes.message(result.outcome()));
        }
    }

    @Override
    public void close() {
        phase.end();
        job.end();
    }
}
