package io.planish.scan;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.storage.FileStatus;
import io.planish.storage.Pool;
import io.planish.storage.PoolMarker;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.Future;
import java.util.concurrent.RecursiveAction;
import java.util.function.Predicate;

/**
 * Visits everything that the pools hold, several folders at once and large ones in pieces. Symbolic links are told of, not followed. Planish's own
 * folders are passed over, and {@code lost+found} where it cannot be looked into.
 *
 * <p>A folder that changed while the walk was under way is looked at again, so that a file that is renamed, or moved into a folder that had been
 * passed, is met under one name at least; folders that never come to rest are given up after some rounds.
 */
final class PoolWalk {
    private static final Set<String> OWN_FOLDERS = Set.of(".planish", ".planish-trash");
    private static final String LOST_AND_FOUND = "lost+found";
    private static final int PIECE = 512;
    private static final int ROUNDS = 4;
    /** Two changes within one step of a kernel's clock may bear the same time. */
    private static final long CLOCK_STEP_NANOS = 20_000_000;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Storage storage;
    private final Pools pools;
    private final Predicate<Path> enters;

    /** @param enters which folders inside the pools' roots are looked into */
    PoolWalk(Storage storage, Pools pools, Predicate<Path> enters) {
        this.storage = storage;
        this.pools = pools;
        this.enters = enters;
    }

    /**
     * Told of what is met, from several threads at once, some of it more than once. A file that vanishes meanwhile is passed over.
     */
    interface Visitor {
        void file(FoundFile file) throws IOException;

        void link(ImageRef link, Pool pool) throws IOException;

        /** A folder or file cannot be looked at, so that nobody knows what it holds. */
        void unknown(ImageRef where, IOException why);

        /** Where a check of the filesystem puts what it finds; only an administrator can look into it, and nobody opens images there. */
        void passedOver(ImageRef lostAndFound);

        /** The root of a pool cannot be looked at. */
        void unknown(Pool pool, IOException why);
    }

    /** @throws InterruptedIOException if this thread is interrupted; the walk has ended then */
    void walk(Visitor visitor, ScanWorkers workers) throws IOException {
        Walk walk = new Walk(visitor, workers);
        List<Walk.Folder> round = pools.all().stream()
                .map(pool -> walk.new Folder(new Place(pool, "")))
                .toList();
        for (int i = 0; i < ROUNDS && !round.isEmpty(); i++) {
            List<Future<?>> folders = new ArrayList<>();
            round.forEach(folder -> folders.add(workers.pool().submit(folder)));
            workers.await(folders);
            round = walk.changed();
        }
    }

    private record Place(Pool pool, String path) {
        Path folder() {
            return pool.root().resolve(path);
        }
    }

    /** One walk. */
    private final class Walk {
        private final Visitor visitor;
        private final ScanWorkers workers;
        /** When each folder had last changed before it was listed. */
        private final Map<Place, Long> listed = new ConcurrentHashMap<>();

        Walk(Visitor visitor, ScanWorkers workers) {
            this.visitor = visitor;
            this.workers = workers;
        }

        /** The folders that do not stand as they were listed, or may not. */
        List<Folder> changed() throws IOException {
            List<Place> places = List.copyOf(listed.keySet());
            Queue<Folder> changed = new ConcurrentLinkedQueue<>();
            workers.forEach(places.size(), i -> {
                Place place = places.get(i);
                try {
                    if (changedAt(place) != listed.getOrDefault(place, 0L)) {
                        changed.add(new Folder(place));
                    }
                } catch (IOException e) {
                    changed.add(new Folder(place));
                }
            });
            return List.copyOf(changed);
        }

        private void list(Place place) {
            try {
                listed.put(place, changedAt(place));
                List<Path> entries = storage.list(place.folder());
                boolean isPool = place.path().isEmpty()
                        || entries.stream().anyMatch(entry -> entry.endsWith(PoolMarker.FILE_NAME));
                List<Piece> pieces = new ArrayList<>();
                for (int from = 0; from < entries.size(); from += PIECE) {
                    pieces.add(new Piece(place, entries.subList(from, Math.min(entries.size(), from + PIECE)), isPool));
                }
                ForkJoinTask.invokeAll(pieces);
            } catch (IOException e) {
                if (place.path().isEmpty()) {
                    visitor.unknown(place.pool(), e);
                } else if (place.folder().endsWith(LOST_AND_FOUND)) {
                    visitor.passedOver(new ImageRef(place.pool().name(), place.path()));
                } else if (!isMissing(e)) {
                    visitor.unknown(new ImageRef(place.pool().name(), place.path()), e);
                }
            }
        }

        /** A time that is not told from any later one counts as none, so that the folder is looked at again. */
        private long changedAt(Place place) throws IOException {
            long changed = storage.status(place.folder()).ctimeNanos();
            long now = System.currentTimeMillis() * NANOS_PER_MILLI;
            return changed > now - CLOCK_STEP_NANOS ? System.nanoTime() : changed;
        }

        /** A folder with all that is below it, but what has been listed already. */
        private final class Folder extends RecursiveAction {
            private final transient Place place;

            Folder(Place place) {
                this.place = place;
            }

            @Override
            protected void compute() {
                if (!workers.cancelled()) {
                    list(place);
                }
            }
        }

        /** Some entries of a folder. */
        private final class Piece extends RecursiveAction {
            private final transient Place place;
            private final transient List<Path> entries;
            /** A folder inside a pool can be a pool of its own. */
            private final boolean isPool;

            Piece(Place place, List<Path> entries, boolean isPool) {
                this.place = place;
                this.entries = entries;
                this.isPool = isPool;
            }

            @Override
            protected void compute() {
                List<Folder> folders = new ArrayList<>();
                for (Path entry : entries) {
                    if (workers.cancelled()) {
                        return;
                    }
                    String name = entry.getFileName().toString();
                    if (!ignored(name)) {
                        look(entry, place.path().isEmpty() ? name : place.path() + "/" + name, folders);
                    }
                }
                ForkJoinTask.invokeAll(folders);
            }

            private void look(Path entry, String path, List<Folder> folders) {
                ImageRef ref = new ImageRef(place.pool().name(), path);
                try {
                    FileStatus status = storage.status(entry);
                    switch (status.type()) {
                        case REGULAR -> visitor.file(new FoundFile(ref, place.pool(), status));
                        case DIRECTORY -> {
                            Place folder = new Place(place.pool(), path);
                            if (!listed.containsKey(folder) && enters.test(entry)) {
                                folders.add(new Folder(folder));
                            }
                        }
                        case SYMLINK -> visitor.link(ref, place.pool());
                        case OTHER -> {}
                    }
                } catch (IOException e) {
                    if (!isMissing(e)) {
                        visitor.unknown(ref, e);
                    }
                }
            }

            private boolean ignored(String name) {
                return isPool && (OWN_FOLDERS.contains(name) || name.startsWith(PoolMarker.FILE_NAME));
            }
        }
    }

    private static boolean isMissing(IOException e) {
        return e instanceof ImageException image && image.kind() == ErrorKind.MISSING;
    }
}
