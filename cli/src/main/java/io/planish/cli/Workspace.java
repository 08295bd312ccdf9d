package io.planish.cli;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.engine.EngineOptions;
import io.planish.engine.JobRunner;
import io.planish.engine.LostMarker;
import io.planish.job.Job;
import io.planish.plan.Snapshot;
import io.planish.platform.References;
import io.planish.scan.HeadReader;
import io.planish.scan.OverlaySweep;
import io.planish.scan.ScanCache;
import io.planish.scan.Scanner;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Pools.MissingMarker;
import io.planish.storage.Storage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The folders of one command, opened as pools that are taken to hold all overlays of their images.
 *
 * @param enters which folders inside them are looked into
 * @param references who is asked, at each scan, which images something outside refers to
 */
record Workspace(
        Storage storage, Pools pools, PathGate gate, HeadReader heads, Predicate<Path> enters, References references) {
    private static final InstantSource CLOCK = InstantSource.system();
    private static final int THREADS = Math.max(2, Runtime.getRuntime().availableProcessors());

    /**
     * Folders to look at: nothing is written to them.
     *
     * @param trustedFormat see {@link PoolConfig}
     */
    static Workspace toRead(Collection<Path> folders, Optional<String> trustedFormat) throws IOException {
        return open(configs(Folders.named(folders), trustedFormat), MissingMarker.TOLERATE, folder -> true);
    }

    /** The same for a verb that asks before it changes them. A marker that begun jobs know, and that is gone, comes back. */
    static Workspace toFinish(Collection<Path> folders, Optional<String> trustedFormat) throws IOException {
        List<PoolConfig> configs = configs(Folders.named(folders), trustedFormat);
        putMarkersBack(configs);
        return open(configs, MissingMarker.TOLERATE, folder -> true);
    }

    /** Folders to change: they get a marker if they have none. */
    static Workspace toWrite(Collection<Path> folders) throws IOException {
        return open(configs(Folders.named(folders), Optional.empty()), MissingMarker.CREATE, folder -> true);
    }

    /**
     * The same, of which only the folders named are looked into, and those on the way from one to the other.
     *
     * @param whole folders that are looked through with all that is inside them
     */
    static Workspace toWriteIn(Collection<Path> folders, Collection<Path> whole) throws IOException {
        Set<Path> all = new TreeSet<>(folders);
        all.addAll(whole);
        Map<PoolName, Path> named = Folders.named(all);
        Set<Path> realFolders = real(folders);
        Set<Path> realWhole = real(whole);
        Predicate<Path> enters = folder -> realFolders.stream().anyMatch(one -> one.startsWith(folder))
                || realWhole.stream().anyMatch(one -> folder.startsWith(one) || one.startsWith(folder));
        return open(configs(named, Optional.empty()), MissingMarker.CREATE_WHERE_WRITABLE, enters);
    }

    private static Set<Path> real(Collection<Path> folders) throws IOException {
        Set<Path> real = new HashSet<>();
        for (Path folder : folders) {
            real.add(folder.toRealPath());
        }
        return real;
    }

    /** The folders of a plan that is to be carried out; where the plan saw a marker it must be that one. */
    static Workspace toCarryOut(SavedPlan plan) throws IOException {
        plan.requireFolders();
        return open(
                plan.folders().stream()
                        .map(folder ->
                                config(folder.name(), folder.path(), folder.expectedId(), folder.trustedFormat()))
                        .toList(),
                MissingMarker.CREATE,
                folder -> true);
    }

    private static Workspace open(List<PoolConfig> configs, MissingMarker missing, Predicate<Path> enters)
            throws IOException {
        if (missing != MissingMarker.TOLERATE) {
            putMarkersBack(configs);
        }
        Storage storage = new LinuxStorage();
        Pools pools = Pools.open(storage, configs, missing);
        return new Workspace(
                storage,
                pools,
                PathGate.ofThisMachine(storage, pools),
                new HeadReader(storage, CLOCK),
                enters,
                References.NONE);
    }

    private static void putMarkersBack(List<PoolConfig> configs) throws IOException {
        Storage storage = new LinuxStorage();
        for (PoolConfig config : configs) {
            LostMarker.putBack(storage, config.path());
        }
    }

    /** @throws ImageException if a folder that one of these jobs writes to is read-only, or is so for this user */
    void requireWritable(List<Job> jobs) throws IOException {
        Set<PoolName> written = new TreeSet<>();
        for (Job job : jobs) {
            written.add(job.target().pool());
            job.relinks().forEach(relink -> written.add(relink.overlay().pool()));
            job.retires().forEach(image -> written.add(image.pool()));
        }
        for (PoolName name : written) {
            Path root = pools.get(name).root();
            if (storage.isReadOnly(root)) {
                throw new ImageException(
                        ErrorKind.IO,
                        root.toString(),
                        "may not be written",
                        "mount it writable, or run as its owner; planish plan only shows what would be done");
            }
        }
    }

    /** The same folders, where these are asked who refers to images. */
    Workspace with(References others) {
        return new Workspace(storage, pools, gate, heads, enters, others);
    }

    private static List<PoolConfig> configs(Map<PoolName, Path> folders, Optional<String> trustedFormat) {
        List<PoolConfig> configs = new ArrayList<>();
        folders.forEach((name, path) -> configs.add(config(name, path, Optional.empty(), trustedFormat)));
        return configs;
    }

    private static PoolConfig config(
            PoolName name, Path path, Optional<String> expectedId, Optional<String> trustedFormat) {
        return new PoolConfig(name, path, Optional.empty(), true, trustedFormat, expectedId);
    }

    /**
     * What stands in the folders now; nothing is written to them.
     *
     * @param err gets how far it has come
     */
    Snapshot scan(PrintWriter err) throws IOException {
        ScanCache cache = ScanCache.in(StateFolder.ofAllRuns().resolve("scan-cache"), pools);
        try (ScanLine line = ScanLine.on(err)) {
            Snapshot snapshot = scanner(new HeadReader(storage, CLOCK, cache)).scan(line);
            cache.save();
            return snapshot.withReferenced(references.images(gate));
        }
    }

    /** The same without asking who has images open, for a verb that takes the locks itself. */
    Snapshot scanWithoutUse() throws IOException {
        return scanner(heads).scanWithoutUse().withReferenced(references.images(gate));
    }

    private Scanner scanner(HeadReader heads) {
        return new Scanner(storage, pools, gate, heads, CLOCK, THREADS, enters);
    }

    /** @param ignored overlays that jobs may know nothing of */
    JobRunner runner(EngineOptions options, Set<ImageRef> ignored) {
        OverlaySweep sweep = new OverlaySweep(storage, pools, gate, heads, THREADS, enters);
        return new JobRunner(storage, pools, gate, images -> without(ignored, sweep.overlaysOf(images)), options);
    }

    private static Map<ImageRef, Set<ImageRef>> without(Set<ImageRef> ignored, Map<ImageRef, Set<ImageRef>> overlays) {
        Map<ImageRef, Set<ImageRef>> rest = new HashMap<>();
        overlays.forEach((image, all) -> {
            Set<ImageRef> known = new HashSet<>(all);
            known.removeAll(ignored);
            rest.put(image, known);
        });
        return rest;
    }

    /** The address of a file that lies in one of the folders; symbolic links are followed. */
    ImageRef ref(Path file) throws IOException {
        Path real = file.toRealPath();
        return gate.refOf(real)
                .orElseThrow(() -> new ImageException(
                        ErrorKind.OUTSIDE_ROOTS,
                        real.toString(),
                        "it is in none of the folders",
                        "name its folder too"));
    }
}
