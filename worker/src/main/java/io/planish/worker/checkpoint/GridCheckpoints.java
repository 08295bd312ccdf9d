package io.planish.worker.checkpoint;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.engine.CheckpointStore;
import io.planish.job.Checkpoint;
import io.planish.job.JobRecord;
import io.planish.ledger.Table;
import java.io.IOException;
import java.util.Optional;

/** The checkpoints of one run's jobs, in the grid. An attempt never writes over what a later attempt has written. */
public final class GridCheckpoints implements CheckpointStore {
    private final Table<Checkpoint> table;
    private final String run;

    public GridCheckpoints(Table<Checkpoint> table, String run) {
        this.table = table;
        this.run = run;
    }

    @Override
    public Optional<Checkpoint> load(String job) throws IOException {
        return table.get(JobRecord.key(run, job));
    }

    @Override
    public void save(Checkpoint checkpoint) throws IOException {
        String key = JobRecord.key(run, checkpoint.job());
        if (newer(key, checkpoint).isEmpty()
                && !table.add(key, checkpoint)
                && newer(key, checkpoint).isEmpty()) {
            throw new ImageException(
                    ErrorKind.LEASE_LOST,
                    "job " + checkpoint.job() + ": a later attempt has written a checkpoint",
                    "this attempt ends; the later one goes on");
        }
    }

    @Override
    public void drop(String job) throws IOException {
        table.remove(JobRecord.key(run, job));
    }

    private Optional<Checkpoint> newer(String key, Checkpoint checkpoint) throws IOException {
        return table.update(
                key, there -> there.epoch() <= checkpoint.epoch() ? Optional.of(checkpoint) : Optional.empty());
    }
}
