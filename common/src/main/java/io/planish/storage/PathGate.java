package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Decides which file a name may open: one of a configured pool, whatever an image says. Immutable, thread-safe.
 *
 * <p>Backing names are the hypervisor's. An absolute one leads into the pool under whose host path it lies. A relative one
 * counts from the folder of the overlay; QEMU counts from the folder in the name by which it was told to open the overlay, which
 * is another one where that name is a symbolic link. Here it is the folder of the ref that is given: the file's own
 * for a ref that {@link #locate} or {@link #refOf} confirmed. Whoever knows more names of a file asks for each.
 *
 * <p>What a name leads to may change right after. {@link Storage#open} follows no symbolic link, so that what was decided
 * here still holds there.
 */
public final class PathGate {
    private final Storage storage;
    private final Pools pools;
    private final PoolViews views;
    private final boolean viewsAreNested;
    private final boolean looksOutside;

    /** @throws IllegalArgumentException if names under one folder lead into two pools */
    public PathGate(Storage storage, Pools pools) {
        this(storage, pools, false);
    }

    private PathGate(Storage storage, Pools pools, boolean looksOutside) {
        this.storage = storage;
        this.pools = pools;
        this.views = new PoolViews(storage, pools);
        this.viewsAreNested = views.areNested();
        this.looksOutside = looksOutside;
    }

    /**
     * For a user's own machine, whose hypervisors see what it sees: symbolic links outside of the pools are followed too, as
     * far as they lead into one. A service does not look there: an image must not make it wait for a mount that hangs.
     */
    public static PathGate ofThisMachine(Storage storage, Pools pools) {
        return new PathGate(storage, pools, true);
    }

    /**
     * Where the image is on this machine, with no symbolic link in the path; a link in the ref is followed within the pools.
     *
     * @throws ImageException of kind {@code MISSING} or {@code OUTSIDE_ROOTS}
     */
    public Path locate(ImageRef ref) throws IOException {
        if (pools.find(ref.pool()).isEmpty()) {
            throw new ImageException(
                    ErrorKind.OUTSIDE_ROOTS, ref.toString(), "pool '" + ref.pool() + "' is not configured", "");
        }
        return switch (walk(views.folderOf(ref), views.of(ref).toString())) {
            case Resolution.Inside inside -> inside.path();
            case Resolution.Missing missing ->
                throw new ImageException(ErrorKind.MISSING, ref.toString(), missing.what(), "");
            case Resolution.Refused refused ->
                throw new ImageException(ErrorKind.OUTSIDE_ROOTS, ref.toString(), refused.why(), "");
        };
    }

    /** Where the image's name stands on this machine; what it leads to is not looked at. */
    public Path here(ImageRef ref) {
        return views.here(ref);
    }

    /**
     * What the kernel of this machine finds by a backing name, wherever that leads: to tell files apart, not to be opened.
     *
     * @param openedAs the overlay, by the name from whose folder a relative name counts
     * @return empty if there is nothing
     */
    public Optional<FileStatus> seenHere(ImageRef openedAs, String backingName) throws IOException {
        try {
            Path name = views.here(openedAs).resolveSibling(backingName);
            return Optional.of(storage.status(storage.realPath(name)));
        } catch (InvalidPathException e) {
            return Optional.empty();
        } catch (ImageException e) {
            if (e.kind() == ErrorKind.MISSING) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** The address of a path of this machine that holds no symbolic link; empty if it is in no pool. */
    public Optional<ImageRef> refOf(Path realPath) {
        return pools.all().stream()
                .filter(pool -> realPath.startsWith(pool.root()) && !realPath.equals(pool.root()))
                .map(pool -> new ImageRef(
                        pool.name(), pool.root().relativize(realPath).toString()))
                .findFirst();
    }

    /** Whether a path of this machine that holds no symbolic link is in a pool, or the root of one. */
    public boolean isInPool(Path realPath) {
        return pools.all().stream().anyMatch(pool -> realPath.startsWith(pool.root()));
    }

    /**
     * Where a backing name in the overlay's header leads.
     *
     * @throws ImageException of kind {@code IO} if a folder on the way cannot be looked at
     */
    public Resolution resolveBacking(ImageRef overlay, String backingName) throws IOException {
        if (backingName.isEmpty()) {
            return new Resolution.Refused("is an empty name");
        }
        if (backingName.startsWith("json:")) {
            return new Resolution.Refused("is a json: description, not a file");
        }
        if (namesProtocol(backingName)) {
            return new Resolution.Refused("names a protocol, not a file");
        }
        if (backingName.indexOf('\0') >= 0 || backingName.indexOf('\uFFFD') >= 0) {
            return new Resolution.Refused("is not a name in UTF-8");
        }
        return walk(views.folderOf(overlay), backingName);
    }

    /**
     * The images that an absolute path, given as hypervisors see it, can mean: the one it leads to under its pool's host path, and the one it
     * leads to on this machine, where that is one. None where it leads to no file of a pool.
     */
    public Set<ImageRef> imagesAt(String absolutePath) throws IOException {
        Set<ImageRef> images = new TreeSet<>();
        if (absolutePath.indexOf('\0') < 0 && walk(Path.of("/"), absolutePath) instanceof Resolution.Inside inside) {
            images.add(inside.ref());
        }
        try {
            refOf(storage.realPath(Path.of(absolutePath))).ifPresent(images::add);
        } catch (IOException | InvalidPathException notHere) {
            return images;
        }
        return images;
    }

    /** The image's absolute path as hypervisors see it. */
    public String underHostPath(ImageRef image) {
        return views.underHostPath(image).toString();
    }

    /**
     * Which file a relative backing name means if no symbolic link is on the way: only by {@code ..} at its beginning, that stay inside the
     * overlay's pool, and names. Nothing is looked at. Empty for any other name.
     *
     * @param overlay an address that {@link #locate} would confirm as it is
     */
    public Optional<ImageRef> withoutLinks(ImageRef overlay, String backingName) {
        boolean isName =
                !namesProtocol(backingName) && backingName.indexOf('\0') < 0 && backingName.indexOf('\uFFFD') < 0;
        if (!isName || viewsAreNested) {
            return Optional.empty();
        }
        String folder = folder(overlay.path());
        String name = backingName.startsWith("./") ? backingName.substring(2) : backingName;
        while (name.startsWith("../") && !folder.isEmpty()) {
            folder = folder(folder.substring(0, folder.length() - 1));
            name = name.substring(3);
        }
        try {
            return Optional.of(new ImageRef(overlay.pool(), folder + name));
        } catch (IllegalArgumentException notNormalised) {
            return Optional.empty();
        }
    }

    /** All up to and with the last slash. */
    private static String folder(String path) {
        return path.substring(0, path.lastIndexOf('/') + 1);
    }

    private Resolution walk(Path folder, String name) throws IOException {
        try {
            return new NameWalk(storage, views, looksOutside).walk(folder, name);
        } catch (InvalidPathException e) {
            return new Resolution.Refused("is not a name that this machine can express, its locale is not UTF-8");
        }
    }

    /** QEMU takes what stands before a colon for a protocol, if no slash comes first. */
    public static boolean namesProtocol(String name) {
        int colon = name.indexOf(':');
        int slash = name.indexOf('/');
        return colon >= 0 && (slash < 0 || colon < slash);
    }

    /**
     * The name under which {@code overlay}'s header is to name {@code backing}, in the form of the name that stands there now:
     * absolute, as hypervisors see it, or relative to the overlay's folder as hypervisors see it. Where there is none, relative.
     */
    public String backingName(ImageRef overlay, ImageRef backing, String oldName) {
        if (oldName.startsWith("/")) {
            return views.underHostPath(backing).toString();
        }
        String relative = views.folderOf(overlay).relativize(views.of(backing)).toString();
        return namesProtocol(relative) ? "./" + relative : relative;
    }

    /** For messages: in one line, whatever a header holds. */
    static String printable(String name) {
        return name.replaceAll("\\p{Cntrl}", "?");
    }
}
