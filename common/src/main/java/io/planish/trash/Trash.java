package io.planish.trash;

import io.planish.chain.ImageRef;
import io.planish.storage.FileStatus;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The trash of some pools: what is in it, what of that can come back, what may go for good. A step that was interrupted is finished by the same
 * call again.
 */
public final class Trash {
    private final Storage storage;
    private final Pools pools;
    private final TrashFolders folders;

    public Trash(Storage storage, Pools pools) {
        this.storage = storage;
        this.pools = pools;
        this.folders = new TrashFolders(storage, pools);
    }

    /**
     * One leftover.
     *
     * @param path where it waits
     * @param bytes what it takes on disk
     * @param keptUntil when its grace period is over
     * @param obstacle why it cannot be restored; empty: it can
     */
    public record Entry(
            ImageRef image,
            String run,
            String job,
            Path path,
            long bytes,
            Instant retired,
            Instant keptUntil,
            Optional<String> obstacle) {}

    /** What became of one leftover; empty: all is well. */
    public record Result(Entry entry, Optional<String> problem) {}

    /** What the records speak of and what is still there, the oldest first. What needs another leftover that can come back can too. */
    public List<Entry> entries() throws IOException {
        Set<Path> coming = new HashSet<>();
        while (true) {
            List<Entry> entries = entries(coming);
            List<Path> more = entries.stream()
                    .filter(entry -> entry.obstacle().isEmpty())
                    .map(Entry::path)
                    .toList();
            if (!coming.addAll(more)) {
                return entries;
            }
        }
    }

    private List<Entry> entries(Set<Path> coming) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (Pool pool : pools.all()) {
            for (TrashRecord record : folders.records(pool)) {
                Predicate<TrashRecord.Layer> comes =
                        layer -> coming.contains(folders.pathOf(record.run(), layer.image()));
                for (TrashRecord.Leftover left : record.leftovers()) {
                    Optional<FileStatus> status = ours(record, left);
                    if (status.isPresent()) {
                        entries.add(entry(record, left, status.get(), obstacle(record, left, comes)));
                    }
                }
            }
        }
        entries.sort(Comparator.comparing(Entry::retired));
        return entries;
    }

    /** Files in the trash that no record speaks of: they are left alone. */
    public List<Path> unknown() throws IOException {
        Set<Path> known = new HashSet<>();
        entries().forEach(entry -> known.add(entry.path()));
        List<Path> unknown = new ArrayList<>();
        for (Pool pool : pools.all()) {
            Path trash = pool.root().resolve(TrashFolders.TRASH);
            if (storage.exists(trash)) {
                collect(trash, known, unknown);
            }
        }
        return unknown;
    }

    private void collect(Path at, Set<Path> known, List<Path> unknown) throws IOException {
        if (storage.status(at).type() == FileStatus.Type.DIRECTORY) {
            for (Path inside : storage.list(at).stream().sorted().toList()) {
                collect(inside, known, unknown);
            }
        } else if (!known.contains(at)) {
            unknown.add(at);
        }
    }

    /**
     * Gives leftovers their names back, bases first, each durable before the next. The images below are locked for reading meanwhile, so that no
     * job changes what they show.
     *
     * @param chosen which ones
     */
    public List<Result> restore(Predicate<Entry> chosen) throws IOException {
        Map<Path, Result> results = new LinkedHashMap<>();
        long restored = -1;
        for (long before = -2; restored > before; ) { // one may need another that lies in the trash of the next pool
            before = restored;
            for (Pool pool : pools.all()) {
                for (TrashRecord record : folders.records(pool).reversed()) {
                    restore(pool, record, chosen)
                            .forEach(result -> results.put(result.entry().path(), result));
                }
            }
            restored = results.values().stream()
                    .filter(result -> result.problem().isEmpty())
                    .count();
        }
        return List.copyOf(results.values());
    }

    private List<Result> restore(Pool pool, TrashRecord record, Predicate<Entry> chosen) throws IOException {
        List<Result> results = new ArrayList<>();
        List<TrashRecord.Leftover> gone = new ArrayList<>();
        try (LockedLayers locked = new LockedLayers(storage, this::pathOf)) {
            for (TrashRecord.Leftover left : record.leftovers()) {
                Optional<FileStatus> status = ours(record, left);
                if (status.isEmpty()) {
                    continue;
                }
                Entry entry = entry(record, left, status.get(), Optional.empty());
                if (!chosen.test(entry)) {
                    continue;
                }
                Optional<String> obstacle = obstacle(record, left, layer -> false);
                if (obstacle.isEmpty()) {
                    obstacle = locked.add(record.below(left));
                }
                if (obstacle.isEmpty()) {
                    moveBack(entry.path(), pathOf(left.image()));
                    gone.add(left);
                }
                results.add(new Result(entry, obstacle));
            }
        }
        settle(pool, record, gone);
        return results;
    }

    /** The name comes first, the place in the trash goes last: whatever happens in between, the file has a name. */
    private void moveBack(Path from, Path to) throws IOException {
        for (Path folder : missingFolders(to)) {
            storage.ensureDirectory(folder);
            storage.syncDirectory(parent(folder));
        }
        if (!storage.exists(to)) {
            storage.link(from, to);
        }
        storage.syncDirectory(parent(to));
        storage.unlink(from);
        storage.syncDirectory(parent(from));
    }

    private List<Path> missingFolders(Path file) throws IOException {
        List<Path> missing = new ArrayList<>();
        for (Path folder = parent(file); !storage.exists(folder); folder = parent(folder)) {
            missing.addFirst(folder);
        }
        return missing;
    }

    /**
     * Removes leftovers for good, those nearest to the guests first: what stays longest needs least.
     *
     * @param chosen which ones
     */
    public List<Result> purge(Predicate<Entry> chosen) throws IOException {
        List<Result> results = new ArrayList<>();
        for (Pool pool : pools.all()) {
            for (TrashRecord record : folders.records(pool)) {
                boolean underWay = folders.isUnderWay(record);
                List<TrashRecord.Leftover> gone = new ArrayList<>();
                for (TrashRecord.Leftover left : record.leftovers().reversed()) {
                    Optional<FileStatus> status = ours(record, left);
                    if (status.isEmpty()) {
                        continue;
                    }
                    Entry entry = entry(record, left, status.get(), Optional.empty());
                    if (!chosen.test(entry)) {
                        continue;
                    }
                    if (underWay) {
                        results.add(new Result(entry, Optional.of("its job is not finished")));
                        continue;
                    }
                    storage.unlink(entry.path());
                    storage.syncDirectory(parent(entry.path()));
                    gone.add(left);
                    results.add(new Result(entry, Optional.empty()));
                }
                settle(pool, record, gone);
            }
        }
        return results;
    }

    /** Forgets what is gone, whoever took it away, and folders that are empty now. */
    private void settle(Pool pool, TrashRecord record, List<TrashRecord.Leftover> gone) throws IOException {
        List<TrashRecord.Leftover> absent = new ArrayList<>(gone);
        for (TrashRecord.Leftover left : record.leftovers()) {
            if (!gone.contains(left) && !storage.exists(folders.pathOf(record.run(), left.image()))) {
                absent.add(left);
            }
        }
        if (absent.isEmpty() || folders.isUnderWay(record)) {
            return;
        }
        Path trash = pool.root().resolve(TrashFolders.TRASH);
        for (TrashRecord.Leftover left : absent) {
            removeEmpty(parent(folders.pathOf(record.run(), left.image())), trash);
        }
        folders.replace(pool, record.without(absent));
    }

    private static void removeEmpty(Path folder, Path trash) throws IOException {
        try {
            for (Path at = folder; at.startsWith(trash) && !at.equals(trash); at = parent(at)) {
                Files.deleteIfExists(at);
            }
        } catch (DirectoryNotEmptyException e) {
            return;
        }
    }

    /** The file in the trash, where it is the one that was put there. */
    private Optional<FileStatus> ours(TrashRecord record, TrashRecord.Leftover left) throws IOException {
        if (pools.find(left.image().pool()).isEmpty()) {
            return Optional.empty();
        }
        Path path = folders.pathOf(record.run(), left.image());
        if (!storage.exists(parent(path))
                || !storage.realPath(parent(path)).equals(parent(path))
                || !storage.exists(path)) {
            return Optional.empty();
        }
        FileStatus status = storage.status(path);
        return status.type() == FileStatus.Type.REGULAR
                        && status.facts(left.facts().poolId()).sameFile(left.facts())
                ? Optional.of(status)
                : Optional.empty();
    }

    /** Why it cannot come back as the pools are now; what it needs and what {@code withIt} names comes back first. */
    private Optional<String> obstacle(
            TrashRecord record, TrashRecord.Leftover left, Predicate<TrashRecord.Layer> withIt) throws IOException {
        if (folders.isUnderWay(record)) {
            return Optional.of("its job is not finished");
        }
        if (!left.restorable()) {
            return Optional.of("a commit left it over: what it showed went down into another file");
        }
        Path path = folders.pathOf(record.run(), left.image());
        if (!TrashRecord.isUnchanged(storage.status(path), left.facts())) {
            return Optional.of("it was changed in the trash");
        }
        Path name = pathOf(left.image());
        if (storage.exists(name) && storage.status(name).inode() != left.facts().inode()) {
            return Optional.of("another file has its name now");
        }
        for (TrashRecord.Layer layer : record.below(left)) {
            Optional<Pool> pool = pools.find(layer.image().pool())
                    .filter(known -> known.id().equals(layer.facts().poolId()));
            if (pool.isEmpty()) {
                return Optional.of("it needs " + layer.image() + ", whose folder was not named");
            }
            if (!storage.exists(pathOf(layer.image()))) {
                if (withIt.test(layer)) {
                    continue;
                }
                return Optional.of("it needs " + layer.image() + ", which is not there");
            }
            if (!TrashRecord.isUnchanged(storage.status(pathOf(layer.image())), layer.facts())) {
                return Optional.of("it needs " + layer.image() + " as it was, and that was changed since");
            }
        }
        return Optional.empty();
    }

    private Entry entry(TrashRecord record, TrashRecord.Leftover left, FileStatus status, Optional<String> obstacle) {
        return new Entry(
                left.image(),
                record.run(),
                record.job(),
                folders.pathOf(record.run(), left.image()),
                status.allocatedBytes(),
                record.retired(),
                record.keptUntil(),
                obstacle);
    }

    private Path pathOf(ImageRef image) {
        return pools.get(image.pool()).root().resolve(image.path());
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalArgumentException(path + " has no folder");
        }
        return parent;
    }
}
