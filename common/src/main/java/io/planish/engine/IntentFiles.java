package io.planish.engine;

import com.fasterxml.jackson.core.JacksonException;
import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.job.Job;
import io.planish.job.Json;
import io.planish.storage.ImageFile;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import io.planish.storage.SmallFile;
import io.planish.storage.Storage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The intents of a pool, in the folder {@code .planish} at its root, one file a job. Each change is durable on return. */
final class IntentFiles {
    static final String FOLDER = ".planish";
    private static final String SUFFIX = ".intent.json";

    private final Storage storage;
    private final Pools pools;

    IntentFiles(Storage storage, Pools pools) {
        this.storage = storage;
        this.pools = pools;
    }

    /** What is found is durable on return. */
    Optional<Intent> load(Pool pool, String run, Job job) throws IOException {
        Optional<Intent> found = read(file(pool, run, job));
        if (found.isPresent()) {
            storage.syncDirectory(pool.root());
            storage.syncDirectory(pool.root().resolve(FOLDER));
        }
        return found;
    }

    /** Every job that was begun in the pool, by whomever, and can be finished with the pools known here. */
    List<Intent> pending(Pool pool) throws IOException {
        List<Intent> intents = new ArrayList<>();
        for (Intent intent : all(storage, pool.root()).values()) {
            intent.readBy(pools).ifPresent(intents::add);
        }
        return intents;
    }

    void save(Pool pool, Intent intent) throws IOException {
        Path folder = pool.root().resolve(FOLDER);
        storage.ensureDirectory(folder);
        storage.syncDirectory(pool.root());
        SmallFile.write(storage, file(pool, intent.run(), intent.job()), Json.MAPPER.writeValueAsBytes(intent));
    }

    /** When an intent was saved for the last time, in ns since 1970 by the clock of the pool's filesystem. */
    long savedNanos(Pool pool, Intent intent) throws IOException {
        return storage.status(file(pool, intent.run(), intent.job())).mtimeNanos();
    }

    /** Makes {@link #savedNanos} the present, if it is there. For whoever has its files locked. */
    void touch(Pool pool, String run, Job job) throws IOException {
        Path file = file(pool, run, job);
        if (storage.exists(file)) {
            try (ImageFile saved = storage.open(file, OpenMode.READ_WRITE)) {
                ByteBuffer first = ByteBuffer.allocate(1);
                saved.read(first, 0);
                saved.write(first.flip(), 0);
                saved.sync();
            }
        }
    }

    void remove(Pool pool, String run, Job job) throws IOException {
        SmallFile.remove(storage, file(pool, run, job));
    }

    private Optional<Intent> read(Path path) throws IOException {
        Optional<Intent> intent = decode(storage, path);
        return intent.isEmpty() ? Optional.empty() : intent.get().readBy(pools);
    }

    /** All intents below {@code root}, in the words of whoever wrote them, by their files. */
    static Map<Path, Intent> all(Storage storage, Path root) throws IOException {
        Path folder = root.resolve(FOLDER);
        Map<Path, Intent> intents = new TreeMap<>();
        if (storage.exists(folder)) {
            for (Path path : storage.list(folder)) {
                if (path.toString().endsWith(SUFFIX)) {
                    decode(storage, path).ifPresent(intent -> intents.put(path, intent));
                }
            }
        }
        return intents;
    }

    private static Optional<Intent> decode(Storage storage, Path path) throws IOException {
        Optional<byte[]> content = SmallFile.read(storage, path);
        if (content.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Json.MAPPER.readValue(content.get(), Intent.class));
        } catch (JacksonException e) {
            throw new ImageException(
                    ErrorKind.MALFORMED_IMAGE,
                    path.toString(),
                    "is no intent that this version can read",
                    "finish the job with the version of Planish that began it");
        }
    }

    private static Path file(Pool pool, String run, Job job) {
        return pool.root().resolve(FOLDER).resolve(run + "." + job.id() + SUFFIX);
    }
}
