package io.planish.remote;

import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.engine.Sweep;
import io.planish.plan.Snapshot;
import io.planish.scan.Scanner;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Looks for overlays also in pools that are not mounted here: each is scanned anew, by a worker that mounts it, for every look. So what it tells was true
 * after the question was put; what came after that pool was passed it does not know.
 */
public final class RemoteSweep implements Sweep {
    private final Sweep here;
    private final Scanner scanner;
    private final RemotePools remote;
    private final Collection<PoolName> pools;
    private final Surveys.Waiting waiting;

    /**
     * @param here of the pools that are mounted here, which has the last word on these
     * @param pools those that are not
     */
    public RemoteSweep(
            Sweep here, Scanner scanner, RemotePools remote, Collection<PoolName> pools, Surveys.Waiting waiting) {
        this.here = here;
        this.scanner = scanner;
        this.remote = remote;
        this.pools = List.copyOf(pools);
        this.waiting = waiting;
    }

    @Override
    public Map<ImageRef, Set<ImageRef>> overlaysOf(Set<ImageRef> images) throws IOException {
        if (images.isEmpty() || pools.isEmpty()) {
            return here.overlaysOf(images);
        }
        Snapshot all = remote.joined(scanner.scanWithoutUse(), pools, waiting);
        Map<ImageRef, Set<ImageRef>> overlays = new HashMap<>();
        here.overlaysOf(images).forEach((image, found) -> overlays.put(image, new TreeSet<>(found)));
        for (ImageRef image : images) {
            all.forest().overlays(image).stream()
                    .map(ImageNode::ref)
                    .filter(overlay -> all.pool(overlay.pool()).isEmpty() || pools.contains(overlay.pool()))
                    .forEach(overlay -> overlays.computeIfAbsent(image, absent -> new TreeSet<>())
                            .add(overlay));
        }
        return Map.copyOf(overlays);
    }
}
