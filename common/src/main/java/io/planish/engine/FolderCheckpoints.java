package io.planish.engine;

import com.fasterxml.jackson.core.JacksonException;
import io.planish.job.Checkpoint;
import io.planish.job.Json;
import io.planish.storage.SmallFile;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Checkpoints as files of a folder, for jobs that one process carries out without a grid. */
public final class FolderCheckpoints implements CheckpointStore {
    private final Storage storage;
    private final Path folder;

    /** @param folder an existing folder that nobody else writes */
    public FolderCheckpoints(Storage storage, Path folder) {
        this.storage = storage;
        this.folder = folder;
    }

    @Override
    public Optional<Checkpoint> load(String job) throws IOException {
        Optional<byte[]> content = SmallFile.read(storage, file(job));
        if (content.isEmpty()) {
            return Optional.empty();
        }
        try {
            Checkpoint checkpoint = Json.MAPPER.readValue(content.get(), Checkpoint.class);
            return Optional.of(checkpoint).filter(c -> c.version() == Checkpoint.VERSION);
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }

    @Override
    public void save(Checkpoint checkpoint) throws IOException {
        SmallFile.write(storage, file(checkpoint.job()), Json.MAPPER.writeValueAsBytes(checkpoint));
    }

    @Override
    public void drop(String job) throws IOException {
        SmallFile.remove(storage, file(job));
    }

    private Path file(String job) {
        return folder.resolve(job + ".checkpoint.json");
    }
}
