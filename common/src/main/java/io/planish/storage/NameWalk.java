package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One walk along a name, segment by segment as a hypervisor's kernel would go, looking only at what lies in pools.
 *
 * <p>Outside of the pools nothing is looked at, there every segment counts as a plain folder, unless it is told to
 * look there too. The walk stops at the first
 * thing that is missing, and at the end wherever it does not stand on a regular file of a pool.
 */
final class NameWalk {
    private static final int MAX_LINKS = 40;

    private final Storage storage;
    private final PoolViews views;
    private final boolean looksOutside;
    private final Deque<String> ahead = new ArrayDeque<>();
    /** As hypervisors see it, absolute, without symbolic links as far as pools go. */
    private Path at = Path.of("/");

    private FileStatus.@Nullable Type standsOn = FileStatus.Type.DIRECTORY;
    private int links;

    NameWalk(Storage storage, PoolViews views, boolean looksOutside) {
        this.storage = storage;
        this.views = views;
        this.looksOutside = looksOutside;
    }

    /** Where {@code name} leads from {@code folder}, a folder as hypervisors see it. */
    Resolution walk(Path folder, String name) throws IOException {
        push(name);
        if (!name.startsWith("/")) {
            push(folder.toString());
        }
        while (!ahead.isEmpty()) {
            if (standsOn != FileStatus.Type.DIRECTORY) {
                return new Resolution.Missing("does not exist: " + PathGate.printable(at.toString()) + " is no folder");
            }
            Resolution stop = step(ahead.pop());
            if (stop != null) {
                return stop;
            }
        }
        ImageRef ref = views.refAt(at);
        if (ref == null) {
            return new Resolution.Refused("leads outside of all pools, to " + PathGate.printable(at.toString()));
        }
        if (standsOn != FileStatus.Type.REGULAR) {
            return new Resolution.Refused("leads to " + ref + ", which is not a regular file");
        }
        return new Resolution.Inside(ref, views.here(ref));
    }

    private void push(String name) {
        List.of(name.split("/", -1)).reversed().forEach(ahead::push);
    }

    private @Nullable Resolution step(String segment) throws IOException {
        if (segment.isEmpty() || segment.equals(".")) {
            return null;
        }
        if (segment.equals("..")) {
            at = at.getParent() == null ? at : at.getParent();
            return null;
        }
        Path next = views.canonical(at.resolve(segment));
        ImageRef ref = views.refAt(next);
        if (views.isAboveAPool(next) || (ref == null && !looksOutside)) {
            at = next;
            return null;
        }
        Path here = ref == null ? next : views.here(ref);
        FileStatus.Type type;
        try {
            type = storage.status(here).type();
        } catch (ImageException e) {
            if (e.kind() == ErrorKind.MISSING) {
                return new Resolution.Missing(
                        "does not exist: no " + PathGate.printable(ref == null ? next.toString() : ref.toString()));
            }
            if (ref == null) {
                at = next;
                return null;
            }
            throw e;
        }
        if (type != FileStatus.Type.SYMLINK) {
            at = next;
            standsOn = type;
            return null;
        }
        if (++links > MAX_LINKS) {
            return new Resolution.Refused("leads through more than " + MAX_LINKS + " symbolic links");
        }
        String target = storage.readLink(here);
        push(target);
        if (target.startsWith("/")) {
            at = Path.of("/");
        }
        return null;
    }
}
