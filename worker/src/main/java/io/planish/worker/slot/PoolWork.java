package io.planish.worker.slot;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.PoolName;
import io.planish.config.PoolAccess;
import io.planish.config.PoolsConfig;
import io.planish.engine.Attempt;
import io.planish.job.Expectation;
import io.planish.job.Job;
import io.planish.job.JobRecord;
import io.planish.job.JobResult;
import io.planish.job.Outcome;
import io.planish.plan.Snapshot;
import io.planish.remote.Answers;
import io.planish.run.RunRecord;
import io.planish.scan.HeadReader;
import io.planish.scan.OwnedImages;
import io.planish.scan.Scanner;
import io.planish.storage.PathGate;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import io.planish.survey.AnswerFile;
import io.planish.survey.OwnedFile;
import io.planish.survey.PoolAnswer;
import io.planish.trash.Trash;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Looks at a pool for whoever does not mount it, and empties its trash. The pools are opened anew each time: a mount that went away since is noticed.
 * Thread-safe.
 */
public final class PoolWork implements JobExecutor {
    private static final int THREADS = 4;

    private final Storage storage;
    private final PoolsConfig config;
    private final HeadReader heads;
    private final Answers answers;
    private final Clock clock;

    public PoolWork(Storage storage, PoolsConfig config, HeadReader heads, Answers answers, Clock clock) {
        this.storage = storage;
        this.config = config;
        this.heads = heads;
        this.answers = answers;
        this.clock = clock;
    }

    @Override
    public JobResult run(RunRecord run, Job job, Attempt attempt) {
        try {
            Pools pools = open();
            return switch (job.kind()) {
                case SCAN -> scan(job, attempt, pools);
                case READ -> read(job, attempt, pools);
                case PURGE -> purge(job, attempt, pools);
                case PULL, COMMIT, REBASE -> throw new IllegalArgumentException("job " + job.id() + " is a merge");
            };
        } catch (InterruptedIOException e) {
            Thread.interrupted(); // the thread does other jobs after this one
            return result(
                    attempt.stopRequested()
                            ? new Outcome.Cancelled()
                            : new Outcome.Failed(ErrorKind.LEASE_LOST, "the lease was not renewed in time"),
                    List.of());
        } catch (ImageException e) {
            return result(new Outcome.Failed(e.kind(), e.getMessage()), List.of());
        } catch (IOException e) {
            return result(new Outcome.Failed(ErrorKind.IO, String.valueOf(e.getMessage())), List.of());
        }
    }

    private Pools open() throws IOException {
        return PoolAccess.open(storage, config, Pools.MissingMarker.REFUSE);
    }

    private JobResult scan(Job job, Attempt attempt, Pools pools) throws IOException {
        PoolName pool = job.target().pool();
        PathGate gate = new PathGate(storage, pools);
        Snapshot seen = new Scanner(storage, pools, gate, heads, clock, THREADS)
                .scan(progress -> interruptUnlessWanted(attempt))
                .withReferenced(PoolAccess.references(config).images(gate));
        if (!open().get(pool).id().equals(pools.get(pool).id())) {
            throw new IOException("pool " + pool + ": another filesystem was mounted meanwhile");
        }
        AnswerFile.write(PoolAnswer.of(seen, pool), answers.write(place(job, attempt, 0)));
        return result(new Outcome.Done(), List.of());
    }

    private JobResult read(Job job, Attempt attempt, Pools pools) throws IOException {
        OwnedImages images = new OwnedImages(storage, pools, new PathGate(storage, pools));
        for (int i = 0; i < job.expects().size(); i++) {
            requireWanted(attempt);
            Expectation one = job.expects().get(i);
            Answers.Place place = place(job, attempt, i);
            try {
                OwnedFile.write(images.of(one.image(), one.unchanged().orElseThrow()), answers.write(place));
            } catch (ImageException e) {
                OwnedFile.write(e, answers.write(place));
            }
        }
        return result(new Outcome.Done(), List.of());
    }

    private JobResult purge(Job job, Attempt attempt, Pools pools) throws IOException {
        PoolName pool = job.target().pool();
        Instant now = clock.instant();
        List<String> notes = new ArrayList<>();
        int removed = 0;
        long bytes = 0;
        List<Trash.Result> results = new Trash(storage, pools)
                .purge(entry ->
                        entry.image().pool().equals(pool) && !entry.keptUntil().isAfter(now) && isWanted(attempt));
        for (Trash.Result one : results) {
            if (one.problem().isEmpty()) {
                removed++;
                bytes += one.entry().bytes();
            } else {
                notes.add(one.entry().image() + " of run " + one.entry().run() + " stays: "
                        + one.problem().get());
            }
        }
        requireWanted(attempt);
        notes.addFirst("removed " + removed + " files for good, " + bytes + " bytes");
        return result(new Outcome.Done(), notes);
    }

    private static Answers.Place place(Job job, Attempt attempt, int number) {
        return new Answers.Place(JobRecord.key(attempt.run(), job.id()), attempt.epoch(), number);
    }

    private static void interruptUnlessWanted(Attempt attempt) {
        if (!isWanted(attempt)) {
            Thread.currentThread().interrupt();
        }
    }

    private static void requireWanted(Attempt attempt) throws InterruptedIOException {
        if (!isWanted(attempt)) {
            throw new InterruptedIOException("the pool is no longer to be looked at by this attempt");
        }
    }

    private static boolean isWanted(Attempt attempt) {
        try {
            attempt.mayContinue();
            return !attempt.stopRequested();
        } catch (IOException leaseLost) {
            return false;
        }
    }

    private static JobResult result(Outcome outcome, List<String> notes) {
        return new JobResult(outcome, Map.of(), List.of(), 0, 0, notes);
    }
}
