package io.planish.storage;

import io.planish.chain.ImageRef;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The pools as hypervisors see them.
 *
 * <p>Where a pool's host path leads to its root on this machine too, hypervisors are taken to be on this machine: names may
 * then begin with either, and {@code ..} leads out of the root, as it does for the kernel. Any other host path is
 * taken to be free of symbolic links.
 */
final class PoolViews {
    private final Pools pools;
    /** By the folder under which names lead into them, free of symbolic links. */
    private final Map<Path, Pool> byView = new HashMap<>();

    private final Map<Path, Path> viewOfAlias = new HashMap<>();

    /** @throws IllegalArgumentException if names under one folder lead into two pools */
    PoolViews(Storage storage, Pools pools) {
        this.pools = pools;
        for (Pool pool : pools.all()) {
            boolean local = leadsTo(storage, pool.hostPath(), pool.root());
            Path view = local ? pool.root() : pool.hostPath();
            Pool other = byView.put(view, pool);
            if (other != null) {
                throw new IllegalArgumentException("names under " + view + " lead into pool '" + other.name()
                        + "' and into pool '" + pool.name() + "' (give each its own host path)");
            }
            if (local) {
                viewOfAlias.put(pool.hostPath(), pool.root());
            }
        }
    }

    private static boolean leadsTo(Storage storage, Path hostPath, Path root) {
        try {
            return hostPath.equals(root) || storage.realPath(hostPath).equals(root);
        } catch (IOException notHere) {
            return false;
        }
    }

    /** Whether names in a folder of one pool may lead into another, with no link and no {@code ..}. */
    boolean areNested() {
        return byView.keySet().stream().anyMatch(this::isAboveAPool);
    }

    /** The folder as hypervisors see it in which the image lies. */
    Path folderOf(ImageRef image) {
        Path folder = of(image).getParent();
        if (folder == null) {
            throw new AssertionError("an image lies below its pool's root");
        }
        return folder;
    }

    /** The image's path as hypervisors see it, free of symbolic links if the ref is. */
    Path of(ImageRef image) {
        Pool pool = pools.get(image.pool());
        for (Map.Entry<Path, Pool> view : byView.entrySet()) {
            if (view.getValue().equals(pool)) {
                return view.getKey().resolve(image.path());
            }
        }
        throw new AssertionError("every pool has a view");
    }

    /** The image's path under its pool's host path. */
    Path underHostPath(ImageRef image) {
        return pools.get(image.pool()).hostPath().resolve(image.path());
    }

    /** The image's path on this machine. */
    Path here(ImageRef image) {
        return pools.get(image.pool()).root().resolve(image.path());
    }

    /** The same place, not reached by way of a host path that is a symbolic link. */
    Path canonical(Path at) {
        return viewOfAlias.getOrDefault(at, at);
    }

    /** Whether a pool's folder lies below, so that this must be a folder. */
    boolean isAboveAPool(Path at) {
        return byView.keySet().stream().anyMatch(view -> view.startsWith(at) && !view.equals(at));
    }

    /** What stands at a path as hypervisors see it; null if that is in no pool, or a pool's root itself. */
    @Nullable
    ImageRef refAt(Path at) {
        for (Path folder = at; folder != null; folder = folder.getParent()) {
            Pool pool = byView.get(folder);
            if (pool != null) {
                return folder.equals(at)
                        ? null
                        : new ImageRef(pool.name(), folder.relativize(at).toString());
            }
        }
        return null;
    }
}
