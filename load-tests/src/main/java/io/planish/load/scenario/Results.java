package io.planish.load.scenario;

import io.planish.job.JobRecord;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.run.RunRecord;
import io.planish.run.RunState;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What ledger and topics say of a run that is over. */
final class Results {
    private static final Duration TOLD_WITHIN = Duration.ofSeconds(20);

    private final RunRecord run;
    private final List<JobRecord> jobs;
    private final Told told;

    private Results(RunRecord run, List<JobRecord> jobs, Told told) {
        this.run = run;
        this.jobs = jobs;
        this.told = told;
    }

    static Results of(Scene scene, RunRecord run) throws IOException, InterruptedException {
        List<JobRecord> jobs = scene.api().jobs(run.id());
        long end = System.nanoTime() + TOLD_WITHIN.toNanos();
        while (scene.told().ended(run.id()) < jobs.size() && System.nanoTime() - end < 0) {
            Thread.sleep(100);
        }
        return new Results(run, jobs, scene.told());
    }

    List<JobRecord> jobs() {
        return jobs;
    }

    /** The run is over, every job is done, each had one outcome, and no two attempts settled the same. */
    void judge(String whose, Verdict verdict) {
        verdict.check(
                whose + "the run is over",
                run.state() == RunState.FINISHED,
                run.state() + run.error().map(error -> " " + error).orElse(""));
        verdict.check(whose + "every job is done", undone());
        judgeOnce(whose, verdict);
    }

    /** Each job had one outcome, and no two attempts settled the same. */
    void judgeOnce(String whose, Verdict verdict) {
        verdict.check(whose + "every job has one outcome, told as it stands in the ledger", notOnce());
        verdict.check(whose + "no batch was settled by two attempts", told.settledTwice());
    }

    private List<String> undone() {
        List<String> undone = new ArrayList<>();
        if (jobs.isEmpty()) {
            undone.add("there are no jobs");
        }
        for (JobRecord job : jobs) {
            if (!job.outcome().map(o -> o instanceof Outcome.Done).orElse(false)) {
                undone.add(words(job));
            }
        }
        return undone;
    }

    /** A job and how it ended. */
    static String words(JobRecord job) {
        return job.key() + " " + job.job().target() + ": "
                + job.outcome()
                        .map(o -> Outcomes.name(o) + " " + Outcomes.message(o))
                        .orElse(job.state().toString());
    }

    private List<String> notOnce() {
        List<String> faults = new ArrayList<>();
        for (JobRecord job : jobs) {
            var ends = told.ends(job.key());
            String ledger = job.outcome().map(Outcomes::name).orElse("none");
            if (ends.size() != 1 || !ends.iterator().next().endsWith("/" + ledger)) {
                faults.add(job.key() + ": told " + ends + ", in the ledger " + ledger);
            }
        }
        return faults;
    }

    /** How many jobs ended how. */
    Map<String, Integer> counts() {
        Map<String, Integer> counts = new TreeMap<>();
        jobs.forEach(job -> counts.merge(job.outcome().map(Outcomes::name).orElse("OPEN"), 1, Integer::sum));
        return counts;
    }

    long attempts() {
        return jobs.stream().mapToLong(JobRecord::epoch).sum();
    }

    /** Bytes of clusters that all attempts together have settled. */
    long settledBytes() {
        return jobs.stream()
                .flatMap(job -> told.settled(job.key()).stream())
                .mapToLong(Told.Settled::bytesCopied)
                .sum();
    }

    long plannedBytes() {
        return jobs.stream().mapToLong(job -> job.job().bytesToWrite()).sum();
    }

    /** From each attempt's first word to its last, in all. */
    long mergingMillis() {
        return jobs.stream()
                .flatMap(job -> told.settled(job.key()).stream())
                .mapToLong(attempt -> attempt.endMillis() - attempt.beginMillis())
                .sum();
    }
}
