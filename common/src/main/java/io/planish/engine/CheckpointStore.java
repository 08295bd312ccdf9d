package io.planish.engine;

import io.planish.job.Checkpoint;
import java.io.IOException;
import java.util.Optional;

/** Keeps the newest checkpoint of each job. A checkpoint is durable when {@link #save} returns. Thread-safe. */
public interface CheckpointStore {
    Optional<Checkpoint> load(String job) throws IOException;

    void save(Checkpoint checkpoint) throws IOException;

    void drop(String job) throws IOException;
}
