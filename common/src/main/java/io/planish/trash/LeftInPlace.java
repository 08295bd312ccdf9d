package io.planish.trash;

import com.fasterxml.jackson.core.JacksonException;
import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.job.Json;
import io.planish.storage.FileStatus;
import io.planish.storage.Pool;
import io.planish.storage.SmallFile;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Layers that stay where they are after a pull has taken their content over, because the pool may not hold all overlays of its images. Nothing in the pool
 * stands on them any more, so that they look like disks with long chains: without a record the next run would pull into them what the run before has
 * pulled out of the way. One file a job, {@code .planish/<run>.<job>.left.json}, in the pool that holds the layer; a record says nothing once the
 * layer's content has changed.
 */
public final class LeftInPlace {
    private static final String FOLDER = ".planish";
    private static final String SUFFIX = ".left.json";

    private final Storage storage;
    private final Pool pool;

    public LeftInPlace(Storage storage, Pool pool) {
        this.storage = storage;
        this.pool = pool;
    }

    /**
     * One of them.
     *
     * @param path in its pool
     * @param facts as it was then
     */
    public record Layer(String path, FileFacts facts) {
        /** Whether the file still holds what it held. */
        public boolean isUnchanged(FileStatus now) {
            return TrashRecord.isUnchanged(now, facts);
        }
    }

    /** Durable on return, where the pool can be written. The records of layers that are gone or have changed go. */
    public void add(String run, String job, ImageRef image) throws IOException {
        Path layer = pool.root().resolve(image.path());
        if (storage.isReadOnly(pool.root()) || !storage.exists(layer)) {
            return;
        }
        Path folder = pool.root().resolve(FOLDER);
        storage.ensureDirectory(folder);
        storage.syncDirectory(pool.root());
        for (Map.Entry<Path, Layer> known : records().entrySet()) {
            Path path = pool.root().resolve(known.getValue().path());
            if (!storage.exists(path) || !known.getValue().isUnchanged(storage.status(path))) {
                SmallFile.remove(storage, known.getKey());
            }
        }
        Layer left = new Layer(image.path(), storage.status(layer).facts(pool.id()));
        SmallFile.write(storage, folder.resolve(run + "." + job + SUFFIX), Json.MAPPER.writeValueAsBytes(left));
    }

    /** All that are recorded, by their paths in the pool. What cannot be read is none. */
    public Map<String, Layer> layers() throws IOException {
        Map<String, Layer> layers = new HashMap<>();
        records().values().forEach(layer -> layers.put(layer.path(), layer));
        return layers;
    }

    private Map<Path, Layer> records() throws IOException {
        Map<Path, Layer> records = new HashMap<>();
        Path folder = pool.root().resolve(FOLDER);
        if (storage.exists(folder)) {
            for (Path file : storage.list(folder)) {
                if (file.toString().endsWith(SUFFIX)) {
                    read(file).ifPresent(layer -> records.put(file, layer));
                }
            }
        }
        return records;
    }

    private Optional<Layer> read(Path file) throws IOException {
        Optional<byte[]> content = SmallFile.read(storage, file);
        try {
            return content.isEmpty()
                    ? Optional.empty()
                    : Optional.ofNullable(Json.MAPPER.readValue(content.get(), Layer.class))
                            .filter(layer -> layer.path() != null && layer.facts() != null);
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }
}
