package io.planish.cli;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.engine.EngineOptions;
import io.planish.engine.JobRunner;
import io.planish.plan.Snapshot;
import io.planish.scan.HeadReader;
import io.planish.scan.OverlaySweep;
import io.planish.scan.Scanner;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PathGate;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Pools.MissingMarker;
import io.planish.storage.Storage;
import java.io.IOException;
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

/** The folders of one command, opened as pools that are taken to hold all overlays of their images. */
record Workspace(Storage storage, Pools pools, PathGate gate) {
    private static final InstantSource CLOCK = InstantSource.system();
    private static final int THREADS = Math.max(2, Runtime.getRuntime().availableProcessors());

    /** Folders to look at: nothing is written to them. */
    static Workspace toRead(Collection<Path> folders) throws IOException {
        return open(configs(Folders.named(folders)), MissingMarker.TOLERATE);
    }

    /** Folders to change: they get a marker if they have none. */
    static Workspace toWrite(Collection<Path> folders) throws IOException {
        return open(configs(Folders.named(folders)), MissingMarker.CREATE);
    }

    /** The folders of a plan that is to be carried out; where the plan saw a marker it must be that one. */
    static Workspace toCarryOut(SavedPlan plan) throws IOException {
        return open(
                plan.folders().stream()
                        .map(folder -> config(folder.name(), folder.path(), folder.expectedId()))
                        .toList(),
                MissingMarker.CREATE);
    }

    private static Workspace open(List<PoolConfig> configs, MissingMarker missing) throws IOException {
        Storage storage = new LinuxStorage();
        Pools pools = Pools.open(storage, configs, missing);
        return new Workspace(storage, pools, new PathGate(storage, pools));
    }

    private static List<PoolConfig> configs(Map<PoolName, Path> folders) {
        List<PoolConfig> configs = new ArrayList<>();
        folders.forEach((name, path) -> configs.add(config(name, path, Optional.empty())));
        return configs;
    }

    private static PoolConfig config(PoolName name, Path path, Optional<String> expectedId) {
        return new PoolConfig(name, path, Optional.empty(), true, Optional.empty(), expectedId);
    }

    /** What stands in the folders now; nothing is written. */
    Snapshot scan() throws IOException {
        return new Scanner(storage, pools, gate, new HeadReader(storage, CLOCK), CLOCK, THREADS).scan();
    }

    /** @param ignored overlays that jobs may know nothing of */
    JobRunner runner(EngineOptions options, Set<ImageRef> ignored) {
        OverlaySweep sweep = new OverlaySweep(storage, pools, gate, new HeadReader(storage, CLOCK), THREADS);
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
