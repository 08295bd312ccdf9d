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
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.RecursiveAction;
import java.util.function.Predicate;

/**
 * Visits everything that the pools hold, several folders at once. Symbolic links are told of, not followed. Planish's own
 * folders are passed over, and {@code lost+found}.
 */
final class PoolWalk {
    private static final Set<String> OWN_FOLDERS = Set.of(".planish", ".planish-trash");
    private static final String LOST_AND_FOUND = "lost+found";

    private final Storage storage;
    private final Pools pools;
    private final int threads;
    private final Predicate<Path> enters;

    /** @param enters which folders inside the pools' roots are looked into */
    PoolWalk(Storage storage, Pools pools, int threads, Predicate<Path> enters) {
        this.storage = storage;
        this.pools = pools;
        this.threads = threads;
        this.enters = enters;
    }

    /** Told of what is met, from several threads at once. A file that vanishes meanwhile is passed over. */
    interface Visitor {
        void file(FoundFile file) throws IOException;

        void link(ImageRef link) throws IOException;

        /** A folder or file cannot be looked at, so that nobody knows what it holds. */
        void unknown(ImageRef where, IOException why);

        /** The root of a pool cannot be looked at. */
        void unknown(Pool pool, IOException why);
    }

    /** @throws InterruptedIOException if this thread is interrupted; the walk has ended then */
    void walk(Visitor visitor) throws IOException {
        try (ForkJoinPool workers = new ForkJoinPool(threads)) {
            List<Future<?>> walks = new ArrayList<>();
            for (Pool pool : pools.all()) {
                walks.add(workers.submit(new Folder(visitor, pool, pool.root())));
            }
            try {
                for (Future<?> walk : walks) {
                    if (Thread.interrupted()) {
                        throw new InterruptedException(); // get does not look where the walk is done already
                    }
                    walk.get();
                }
            } catch (InterruptedException e) {
                workers.shutdownNow();
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("the scan was cancelled");
            } catch (ExecutionException e) {
                workers.shutdownNow();
                throw new IllegalStateException("a walk failed", e.getCause());
            }
        }
    }

    private final class Folder extends RecursiveAction {
        private final Visitor visitor;
        private final Pool pool;
        private final Path folder;

        Folder(Visitor visitor, Pool pool, Path folder) {
            this.visitor = visitor;
            this.pool = pool;
            this.folder = folder;
        }

        @Override
        protected void compute() {
            List<Folder> folders = new ArrayList<>();
            try {
                for (Path entry : storage.list(folder)) {
                    if (!ignored(entry)) {
                        look(entry, folders);
                    }
                }
            } catch (IOException e) {
                if (folder.equals(pool.root())) {
                    visitor.unknown(pool, e);
                } else if (!isMissing(e)) {
                    visitor.unknown(ref(folder), e);
                }
            }
            invokeAll(folders);
        }

        private void look(Path entry, List<Folder> folders) {
            ImageRef ref = ref(entry);
            try {
                FileStatus status = storage.status(entry);
                switch (status.type()) {
                    case REGULAR -> visitor.file(new FoundFile(ref, pool, entry, status));
                    case DIRECTORY -> {
                        if (enters.test(entry)) {
                            folders.add(new Folder(visitor, pool, entry));
                        }
                    }
                    case SYMLINK -> visitor.link(ref);
                    case OTHER -> {}
                }
            } catch (IOException e) {
                if (!isMissing(e)) {
                    visitor.unknown(ref, e);
                }
            }
        }

        private boolean ignored(Path entry) {
            String name = entry.getFileName().toString();
            boolean atRoot = folder.equals(pool.root());
            return name.equals(LOST_AND_FOUND)
                    || (atRoot && (OWN_FOLDERS.contains(name) || name.startsWith(PoolMarker.FILE_NAME)));
        }

        private ImageRef ref(Path path) {
            return new ImageRef(pool.name(), pool.root().relativize(path).toString());
        }
    }

    private static boolean isMissing(IOException e) {
        return e instanceof ImageException image && image.kind() == ErrorKind.MISSING;
    }
}
