package io.planish.scan;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.engine.Sweep;
import io.planish.qcow2.Backing;
import io.planish.scan.FoundFile.FileId;
import io.planish.storage.FileStatus;
import io.planish.storage.PathGate;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.Predicate;

/**
 * Tells which overlays images have at this moment, in all pools. Reads the headers only of files that are new or changed since
 * its {@link HeadReader} last saw them. Thread-safe.
 */
public final class OverlaySweep implements Sweep {
    private final Storage storage;
    private final PathGate gate;
    private final PoolWalk walk;
    private final int threads;
    private final HeadReader heads;

    public OverlaySweep(Storage storage, Pools pools, PathGate gate, HeadReader heads, int threads) {
        this(storage, pools, gate, heads, threads, folder -> true);
    }

    /** @param enters which folders inside the pools' roots are looked into */
    public OverlaySweep(
            Storage storage, Pools pools, PathGate gate, HeadReader heads, int threads, Predicate<Path> enters) {
        this.storage = storage;
        this.gate = gate;
        this.walk = new PoolWalk(storage, pools, enters);
        this.threads = threads;
        this.heads = heads;
    }

    /**
     * All overlays of each of the images; an image without overlays is absent. What may be an overlay counts as one.
     *
     * @throws ImageException of kind {@code IO} if any folder or file of the pools cannot be looked at
     */
    @Override
    public Map<ImageRef, Set<ImageRef>> overlaysOf(Set<ImageRef> images) throws IOException {
        if (images.isEmpty()) {
            return Map.of();
        }
        Map<FileId, ImageRef> wanted = new HashMap<>();
        for (ImageRef image : images) {
            id(gate.locate(image)).ifPresent(id -> wanted.put(id, image));
        }
        Collector collector = new Collector(wanted);
        try (ScanWorkers workers = new ScanWorkers(threads, () -> {})) {
            walk.walk(collector, workers);
        }
        collector.resolveLinks();
        IOException failure = collector.failures.poll();
        if (failure != null) {
            throw failure;
        }
        return Map.copyOf(collector.overlays);
    }

    private Optional<FileId> id(Path path) throws IOException {
        try {
            FileStatus status = storage.status(path);
            return Optional.of(FileId.of(status));
        } catch (ImageException e) {
            if (e.kind() == ErrorKind.MISSING) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private final class Collector implements PoolWalk.Visitor, BackingResolver.Known {
        private final BackingResolver resolver = new BackingResolver(gate, this);
        private final Map<FileId, ImageRef> wanted;
        private final Map<ImageRef, Set<ImageRef>> overlays = new ConcurrentHashMap<>();
        private final Map<FileId, FoundFile> images = new ConcurrentHashMap<>();
        private final Queue<ImageRef> links = new ConcurrentLinkedQueue<>();
        private final Queue<IOException> failures = new ConcurrentLinkedQueue<>();

        Collector(Map<FileId, ImageRef> wanted) {
            this.wanted = wanted;
        }

        @Override
        public void file(FoundFile file) throws IOException {
            Optional<Backing> backing = heads.read(file).backing();
            if (backing.isPresent()) {
                images.put(file.id(), file);
                note(file.ref(), file.ref(), backing.get().name());
            }
        }

        @Override
        public void link(ImageRef link, Pool pool) {
            links.add(link);
        }

        @Override
        public void unknown(ImageRef where, IOException why) {
            failures.add(why);
        }

        @Override
        public void passedOver(ImageRef lostAndFound) {}

        @Override
        public void unknown(Pool pool, IOException why) {
            failures.add(why);
        }

        @Override
        public boolean isFile(ImageRef name) {
            return false;
        }

        @Override
        public Optional<ImageRef> at(FileId id) {
            return Optional.ofNullable(wanted.get(id));
        }

        @Override
        public List<ImageRef> called(String fileName) {
            return wanted.values().stream()
                    .filter(image -> BackingResolver.fileName(image).equals(fileName))
                    .toList();
        }

        /** An image may have another backing file when it is opened by a symbolic link, and may itself be elsewhere. */
        void resolveLinks() throws IOException {
            for (ImageRef link : links) {
                Optional<SymbolicLinks.Target> target = SymbolicLinks.target(storage, gate, link);
                if (target.isPresent()) {
                    FoundFile image = images.get(target.get().id());
                    FileHead head = image == null ? heads.read(target.get()) : heads.read(image);
                    if (head.backing().isPresent()) {
                        note(
                                image == null ? link : image.ref(),
                                link,
                                head.backing().get().name());
                    }
                }
            }
        }

        private void note(ImageRef overlay, ImageRef openedAs, String written) throws IOException {
            var link = resolver.resolve(openedAs, List.of(), written).link();
            List<ImageRef> leadsTo = new ArrayList<>(link.alsoLeadsTo());
            link.image().ifPresent(leadsTo::add);
            for (ImageRef backing : leadsTo) {
                Optional<ImageRef> image = id(gate.locate(backing)).map(wanted::get);
                image.ifPresent(i -> overlays.computeIfAbsent(i, ref -> new ConcurrentSkipListSet<>())
                        .add(overlay));
            }
        }
    }
}
