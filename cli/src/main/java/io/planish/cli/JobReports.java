package io.planish.cli;

import io.planish.job.Job;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.plan.Bytes;
import io.planish.plan.Lines;
import java.io.PrintWriter;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Tells people what becomes of jobs: a line on {@code out} or {@code err} for each that has ended, progress on {@code err} meanwhile. */
final class JobReports implements PlanRun.Watcher, AutoCloseable {
    private static final ProgressSink NOBODY = (done, total, bytesWritten) -> {};

    private final boolean quiet;
    private final PrintWriter out;
    private final PrintWriter err;
    private final ProgressBoard board;
    private final Map<String, ProgressSink> sinks = new ConcurrentHashMap<>();

    /** @param quiet whether somebody else prints results to {@code out} */
    JobReports(Collection<Job> pending, boolean quiet, PrintWriter out, PrintWriter err) {
        this.quiet = quiet;
        this.out = out;
        this.err = err;
        this.board = new ProgressBoard(err, ProgressLine.forPeople(), pending, System::nanoTime);
    }

    /** What a job's thread is to tell of its progress, once the job has begun. */
    ProgressSink of(Job job) {
        return sinks.getOrDefault(job.id(), NOBODY);
    }

    @Override
    public void begins(Job job) {
        sinks.put(job.id(), board.begins(job));
    }

    @Override
    public void tick() {
        board.tick();
    }

    @Override
    public void ended(Job job, JobResult result) {
        sinks.remove(job.id());
        board.ended(job, result);
        board.clear();
        String line = job.id() + " " + Outcomes.name(result.outcome());
        switch (result.outcome()) {
            case Outcome.Done done -> {
                say(line + ": " + PlanText.what(job) + ", " + Bytes.text(result.bytesCopied()) + " written");
                result.notes().forEach(note -> say("  " + note));
            }
            case Outcome.Cancelled cancelled -> say(line + ": " + PlanText.what(job));
            case Outcome.Skipped skipped -> say(line + " " + skipped.reason() + ": " + skipped.message());
            case Outcome.Stale stale -> problem(line, stale);
            case Outcome.Failed failed -> problem(line, failed);
            case Outcome.Unknown unknown -> problem(line, unknown);
        }
    }

    private void say(String line) {
        if (!quiet) {
            out.println(Lines.oneLine(line));
            out.flush();
        }
    }

    private void problem(String line, Outcome outcome) {
        err.println(Lines.oneLine("planish: " + line + ": " + Outcomes.message(outcome)));
        err.flush();
    }

    @Override
    public void close() {
        board.clear();
    }
}
