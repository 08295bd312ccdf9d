package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.PoolName;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The storage pools this process knows, by name. No two are the same folder or lie in one another. Immutable. */
public final class Pools {
    private final Map<PoolName, Pool> byName;

    private Pools(Map<PoolName, Pool> byName) {
        this.byName = byName;
    }

    /** What to do with a folder that has no marker. */
    public enum MissingMarker {
        /** It becomes a pool. */
        CREATE,
        /** It becomes a pool if it can be written; else it is looked at, for what changes only files in other folders. */
        CREATE_WHERE_WRITABLE,
        /** It is looked at all the same, under an id that nothing else has; for what only reads. */
        TOLERATE,
        /** It is refused. */
        REFUSE
    }

    /** @throws IllegalArgumentException with the reason, if two of them get into each other's way */
    public static Pools of(Collection<Pool> pools) {
        Map<PoolName, Pool> byName = new TreeMap<>();
        for (Pool pool : pools) {
            for (Pool other : byName.values()) {
                requireApart(pool, other);
            }
            byName.put(pool.name(), pool);
        }
        return new Pools(byName);
    }

    private static void requireApart(Pool pool, Pool other) {
        String both = "pools '" + other.name() + "' and '" + pool.name() + "' ";
        if (pool.name().equals(other.name())) {
            throw new IllegalArgumentException("pool '" + pool.name() + "' is configured twice");
        }
        if (pool.root().startsWith(other.root()) || other.root().startsWith(pool.root())) {
            throw new IllegalArgumentException(
                    both + "overlap: " + other.root() + " and " + pool.root() + " (configure only the outer one)");
        }
        if (pool.id().equals(other.id())) {
            throw new IllegalArgumentException(
                    both + "have the same id " + pool.id() + ": one folder, seen twice (configure it once)");
        }
        if (pool.hostPath().equals(other.hostPath())) {
            throw new IllegalArgumentException(both + "have the same host path " + pool.hostPath());
        }
    }

    /**
     * Looks at the folders and their markers.
     *
     * @throws ImageException if a folder is not there, is not the expected pool, cannot become one, or its filesystem has no
     *     locks that work
     */
    public static Pools open(Storage storage, List<PoolConfig> configs, MissingMarker missing) throws IOException {
        List<Pool> pools = new ArrayList<>();
        for (PoolConfig config : configs) {
            pools.add(open(storage, config, missing));
        }
        try {
            return of(pools);
        } catch (IllegalArgumentException e) {
            throw new ImageException(ErrorKind.UNSAFE, null, String.valueOf(e.getMessage()), "", e);
        }
    }

    private static Pool open(Storage storage, PoolConfig config, MissingMarker missing) throws IOException {
        Path asConfigured = config.path().toAbsolutePath().normalize();
        Path root = storage.realPath(asConfigured);
        if (storage.status(root).type() != FileStatus.Type.DIRECTORY) {
            throw new ImageException(ErrorKind.IO, root.toString(), "a pool is a folder, this is none", "");
        }
        String id = id(storage, root, config, missing);
        return new Pool(
                config.name(),
                id,
                root,
                config.hostPath().orElse(asConfigured),
                config.complete(),
                config.trustedFormat());
    }

    private static String id(Storage storage, Path root, PoolConfig config, MissingMarker missing) throws IOException {
        Optional<String> found = PoolMarker.read(storage, root);
        Optional<String> expected = config.expectedId();
        if (expected.isPresent() && !expected.equals(found)) {
            throw new ImageException(
                    ErrorKind.CHANGED_UNDERNEATH,
                    root.toString(),
                    found.map(f -> "has the pool id " + f).orElse("has no pool marker") + " where " + expected.get()
                            + " was expected",
                    "is the right filesystem mounted?");
        }
        if (found.isPresent()) {
            if (!Locks.workOn(storage, root)) {
                throw new ImageException(
                        ErrorKind.UNSUPPORTED_FEATURE,
                        root.toString(),
                        "a lock on a file of this filesystem is not seen through another descriptor",
                        "mount it with locks");
            }
            return found.get();
        }
        return switch (missing) {
            case CREATE -> created(storage, root, config, missing);
            case CREATE_WHERE_WRITABLE -> createdIfWritable(storage, root, config, missing);
            case TOLERATE -> Pool.unmarkedId(config.name());
            case REFUSE ->
                throw new ImageException(
                        ErrorKind.MISSING,
                        root.toString(),
                        "has no pool marker",
                        "is the right filesystem mounted? else run `planish pool init`");
        };
    }

    private static String created(Storage storage, Path root, PoolConfig config, MissingMarker missing)
            throws IOException {
        if (storage.isReadOnly(root)) {
            throw new ImageException(
                    ErrorKind.IO, root.toString(), "has no pool marker and is read-only", "mount it writable once");
        }
        PoolMarker.init(storage, root);
        return id(storage, root, config, missing);
    }

    private static String createdIfWritable(Storage storage, Path root, PoolConfig config, MissingMarker missing)
            throws IOException {
        if (storage.isReadOnly(root)) {
            return Pool.unmarkedId(config.name());
        }
        try {
            return created(storage, root, config, missing);
        } catch (ImageException e) {
            if (e.kind() == ErrorKind.IO) {
                return Pool.unmarkedId(config.name());
            }
            throw e;
        }
    }

    /** In the order of their names. */
    public List<Pool> all() {
        return List.copyOf(byName.values());
    }

    public Optional<Pool> find(PoolName name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** The pool of this name, which must be known. */
    public Pool get(PoolName name) {
        return find(name).orElseThrow(() -> new IllegalArgumentException("pool '" + name + "' is not configured"));
    }
}
