package io.planish.remote;

import io.planish.chain.PoolName;
import io.planish.job.Job;
import io.planish.job.JobRecord;
import io.planish.job.JobState;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.RunRecord;
import io.planish.run.RunRequest;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;

/**
 * Has workers look at pools, by jobs in the ledger like any other: offered by whoever leads, claimed by one worker, given to the next when that one dies. A
 * worker that has claimed is waited for as long as its lease is renewed. Thread-safe.
 */
public final class Surveys {
    private static final Logger LOG = Logger.getLogger(Surveys.class);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    /** A filesystem that hangs keeps its worker, and its lease, for ever. */
    public static final Duration LONGEST = Duration.ofMinutes(20);

    private final Ledger ledger;
    private final Answers answers;
    private final String by;
    private final Duration patience;
    private final Clock clock;

    /** @param patience how long it may take until a worker has claimed a job */
    public Surveys(Ledger ledger, String by, Duration patience, Clock clock) {
        this.ledger = ledger;
        this.answers = new Answers(ledger.answers());
        this.by = by;
        this.patience = patience;
        this.clock = clock;
    }

    /** Asked while waiting whether to go on. */
    @FunctionalInterface
    public interface Waiting {
        Waiting PATIENTLY = () -> {};

        void check() throws IOException;
    }

    /** Lets workers begin on these jobs, of which none waits for another. */
    Survey begin(List<Job> jobs) throws IOException {
        String run = "survey-" + UUID.randomUUID();
        List<PoolName> pools =
                jobs.stream().map(job -> job.target().pool()).distinct().toList();
        RunRequest request = RunRequest.of(run, RunRequest.Origin.SURVEY, pools, "default");
        Survey survey = new Survey(run, jobs);
        try {
            for (Job job : jobs) {
                JobRecord record = JobRecord.blocked(run, job);
                ledger.jobs().add(record.key(), record);
            }
            List<String> ids = jobs.stream().map(Job::id).toList();
            ledger.runs().add(run, RunRecord.ofJobs(request, by, ids, clock.millis()));
            return survey;
        } catch (LedgerException e) {
            survey.close();
            throw e;
        }
    }

    /** Jobs that are under way. Closing it ends what is not done; answers can be read afterwards too. One thread. */
    final class Survey implements AutoCloseable {
        private final String run;
        private final List<Job> jobs;
        private final long begunNanos = System.nanoTime();
        private long claimedNanos = begunNanos;

        private Survey(String run, List<Job> jobs) {
            this.run = run;
            this.jobs = jobs;
        }

        /**
         * Returns when the job is done; says by which attempt.
         *
         * @throws IOException if no worker does it in time, or none can; the message completes the pool's name to a sentence
         */
        long await(Job job, Waiting waiting) throws IOException {
            while (true) {
                Optional<JobRecord> record = ledger.jobs().get(JobRecord.key(run, job.id()));
                if (record.isEmpty()) {
                    throw new IOException("cannot be looked at: the grid has forgotten what it was asked (try again)");
                }
                switch (record.get().state()) {
                    case JobState.Finished f -> {
                        if (f.result().outcome() instanceof Outcome.Done) {
                            return record.get().epoch();
                        }
                        throw new IOException("cannot be looked at by its workers: "
                                + Outcomes.name(f.result().outcome()) + " "
                                + Outcomes.message(f.result().outcome()));
                    }
                    case JobState.Running r -> claimedNanos = System.nanoTime();
                    case JobState.Blocked b -> {}
                    case JobState.Queued q -> {}
                }
                requireInTime(record.get());
                waiting.check();
                pause();
            }
        }

        private void requireInTime(JobRecord job) throws IOException {
            long now = System.nanoTime();
            if (now - claimedNanos > patience.toNanos()) {
                throw new IOException("is not mounted here, and no worker that mounts it answered within "
                        + patience.toSeconds() + " s (start one)"
                        + job.note().map(note -> "; " + note).orElse(""));
            }
            if (now - begunNanos > LONGEST.toNanos()) {
                throw new IOException("has been looked at for " + LONGEST.toMinutes()
                        + " min without an end (see whether its worker's mount hangs)");
            }
        }

        Answers.Place place(Job job, long epoch, int number) {
            return new Answers.Place(JobRecord.key(run, job.id()), epoch, number);
        }

        /** A worker that is still at it notices with its next heartbeat. */
        @Override
        public void close() {
            try {
                for (Job job : jobs) {
                    ledger.jobs().remove(JobRecord.key(run, job.id()));
                }
                ledger.runs().remove(run);
            } catch (LedgerException e) {
                LOG.warnf("left to be cleaned up later: %s run=%s", e.getMessage(), run);
            }
        }
    }

    Answers answers() {
        return answers;
    }

    private static void pause() throws InterruptedIOException {
        try {
            Thread.sleep(LOOK_AGAIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a worker looks at a pool");
        }
    }
}
