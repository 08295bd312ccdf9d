package io.planish.worker.claim;

import io.planish.engine.Attempt;
import io.planish.engine.CheckpointStore;
import io.planish.engine.JobRunner;
import io.planish.engine.JobRunner.BegunJob;
import io.planish.job.Checkpoint;
import io.planish.job.JobRecord;
import io.planish.job.JobResult;
import io.planish.job.JobState;
import io.planish.job.Outcome;
import io.planish.job.Outcomes;
import io.planish.ledger.Ledger;
import io.planish.storage.Pool;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * Jobs that were begun in a pool and of which the ledger knows nothing any more, or ended them as if they had not been, because it was lost or is older than
 * the pool: they can only be finished, from the intent file alone, under the image locks. One thread.
 */
public final class ForgottenJobs {
    private static final Logger LOG = Logger.getLogger(ForgottenJobs.class);

    private static final int MOST_LOOKS = 64;

    private final Ledger ledger;
    private final JobRunner runner;
    private final Function<String, CheckpointStore> checkpointsOfRun;
    /** How many looks to pass over a job that could not be finished, and how many of them are left. */
    private final Map<String, Pause> pauses = new HashMap<>();

    private record Pause(int looks, int left) {}

    public ForgottenJobs(Ledger ledger, JobRunner runner, Function<String, CheckpointStore> checkpointsOfRun) {
        this.ledger = ledger;
        this.runner = runner;
        this.checkpointsOfRun = checkpointsOfRun;
    }

    /** Finishes what is there now; what cannot be finished stays, is logged, and tried again at ever fewer looks. */
    public void finish(Collection<Pool> pools, BooleanSupplier stopping) {
        Set<String> there = new HashSet<>();
        for (Pool pool : pools) {
            try {
                for (BegunJob begun : runner.begun(pool)) {
                    String key = JobRecord.key(begun.run(), begun.job().id());
                    if (!stopping.getAsBoolean() && isForgotten(ledger.jobs().get(key))) {
                        there.add(key);
                        finishUnlessPaused(key, begun, stopping);
                    }
                }
            } catch (IOException e) {
                LOG.warnf("cannot tell whether pool %s holds forgotten jobs: %s", pool.name(), e.getMessage());
            }
        }
        pauses.keySet().retainAll(there);
    }

    private static boolean isForgotten(Optional<JobRecord> known) {
        return known.isEmpty()
                || known.get().state() instanceof JobState.Finished f
                        && switch (f.result().outcome()) {
                            case Outcome.Stale o -> true;
                            case Outcome.Skipped o -> true;
                            case Outcome.Cancelled o -> true;
                            // a person tries again what failed, and resolves what is unknown
                            case Outcome.Failed o -> false;
                            case Outcome.Unknown o -> false;
                            case Outcome.Done o -> false;
                        };
    }

    private void finishUnlessPaused(String key, BegunJob begun, BooleanSupplier stopping) throws IOException {
        Pause pause = pauses.getOrDefault(key, new Pause(0, 0));
        if (pause.left() > 0) {
            pauses.put(key, new Pause(pause.looks(), pause.left() - 1));
            return;
        }
        CheckpointStore checkpoints = checkpointsOfRun.apply(begun.run());
        long epoch = checkpoints.load(begun.job().id()).map(Checkpoint::epoch).orElse(0L);
        finish(begun, new Unclaimed(begun.run(), epoch, checkpoints, stopping));
        pauses.put(key, new Pause(Math.clamp(2L * pause.looks(), 1, MOST_LOOKS), pause.looks()));
    }

    private void finish(BegunJob begun, Attempt attempt) {
        JobResult result = runner.run(begun.job(), attempt);
        LOG.infof(
                "forgotten job run=%s job=%s %s %s",
                begun.run(), begun.job().id(), Outcomes.name(result.outcome()), Outcomes.message(result.outcome()));
    }

    /**
     * Nobody else can have a claim on a job that the ledger does not know; the locks say who writes. One whose claim was lost with the ledger may have written
     * a checkpoint since, which this attempt takes over.
     *
     * @param epoch of the checkpoint that is there
     */
    private record Unclaimed(String run, long epoch, CheckpointStore checkpoints, BooleanSupplier stopping)
            implements Attempt {
        @Override
        public void mayContinue() {}

        @Override
        public boolean stopRequested() {
            return stopping.getAsBoolean();
        }

        @Override
        public void progress(long guestBytesDone, long guestBytesTotal, long bytesCopied) {}
    }
}
