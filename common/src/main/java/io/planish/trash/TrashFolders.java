package io.planish.trash;

import com.fasterxml.jackson.core.JacksonException;
import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.job.Json;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import io.planish.storage.SmallFile;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Where leftovers and the records of them lie in a pool: files under {@code .planish-trash/<run>/} by the path they had, records as
 * {@code .planish/<run>.<job>.trash.json}. Each change is durable on return.
 */
public final class TrashFolders {
    public static final String TRASH = ".planish-trash";
    private static final String RECORDS = ".planish";
    private static final String SUFFIX = ".trash.json";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    private final Storage storage;
    private final Pools pools;

    public TrashFolders(Storage storage, Pools pools) {
        this.storage = storage;
        this.pools = pools;
    }

    /** Where a leftover of this run waits. */
    public Path pathOf(String run, ImageRef image) {
        return pools.get(image.pool()).root().resolve(TRASH).resolve(run).resolve(image.path());
    }

    /** Writes what a job leaves over into each pool that gets some of it, unless an earlier attempt has: what that saw is nearer to the truth. */
    public void save(TrashRecord record) throws IOException {
        Map<Pool, List<TrashRecord.Leftover>> byPool =
                new TreeMap<>((a, b) -> a.name().compareTo(b.name()));
        for (TrashRecord.Leftover left : record.leftovers()) {
            byPool.computeIfAbsent(pools.get(left.image().pool()), pool -> new ArrayList<>())
                    .add(left);
        }
        for (Map.Entry<Pool, List<TrashRecord.Leftover>> entry : byPool.entrySet()) {
            Pool pool = entry.getKey();
            if (!storage.exists(file(pool, record))) {
                storage.ensureDirectory(pool.root().resolve(RECORDS));
                storage.syncDirectory(pool.root());
                write(pool, record.without(without(record, entry.getValue())));
            }
        }
    }

    private static List<TrashRecord.Leftover> without(TrashRecord record, List<TrashRecord.Leftover> kept) {
        return record.leftovers().stream().filter(left -> !kept.contains(left)).toList();
    }

    /** Keeps what is left of a record, or removes it when nothing is. */
    void replace(Pool pool, TrashRecord record) throws IOException {
        if (record.leftovers().isEmpty()) {
            SmallFile.remove(storage, file(pool, record));
        } else {
            write(pool, record);
        }
    }

    private void write(Pool pool, TrashRecord record) throws IOException {
        SmallFile.write(storage, file(pool, record), Json.MAPPER.writeValueAsBytes(record));
    }

    /** The records of a pool, the oldest first; a file that is no such record is an error that names it. */
    List<TrashRecord> records(Pool pool) throws IOException {
        Path folder = pool.root().resolve(RECORDS);
        List<TrashRecord> records = new ArrayList<>();
        if (storage.exists(folder)) {
            for (Path path : storage.list(folder).stream().sorted().toList()) {
                if (path.toString().endsWith(SUFFIX)) {
                    read(path).ifPresent(record -> records.add(record.readBy(pools)));
                }
            }
        }
        records.sort((a, b) -> a.retired().compareTo(b.retired()));
        return records;
    }

    private Optional<TrashRecord> read(Path path) throws IOException {
        Optional<byte[]> content = SmallFile.read(storage, path);
        if (content.isEmpty()) {
            return Optional.empty();
        }
        try {
            TrashRecord record = Json.MAPPER.readValue(content.get(), TrashRecord.class);
            if (record.version() == TrashRecord.VERSION
                    && NAME.matcher(record.run()).matches()
                    && NAME.matcher(record.job()).matches()
                    && path.getFileName().toString().equals(record.run() + "." + record.job() + SUFFIX)) {
                return Optional.of(record);
            }
        } catch (JacksonException | NullPointerException e) {
            // told below
        }
        throw new ImageException(
                ErrorKind.MALFORMED_IMAGE,
                path.toString(),
                "is no record of leftovers that this version can read",
                "use the version that wrote it, or move it away");
    }

    /** Whether the job that a record is of has not come to its end. */
    boolean isUnderWay(TrashRecord record) throws IOException {
        for (Pool pool : pools.all()) {
            if (storage.exists(
                    pool.root().resolve(RECORDS).resolve(record.run() + "." + record.job() + ".intent.json"))) {
                return true;
            }
        }
        return false;
    }

    private static Path file(Pool pool, TrashRecord record) {
        return pool.root().resolve(RECORDS).resolve(record.run() + "." + record.job() + SUFFIX);
    }
}
