package io.planish.scan;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import io.planish.job.SkipReason;
import io.planish.storage.Holders;
import io.planish.storage.ImageFile;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.Storage;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds out who has images open, and whether they could be written at all, without changing anything or being in anybody's way: locks are asked for
 * and never taken, and files are opened for reading only, since closing one that was open for writing tells backup programs that it was written.
 */
final class UseProbe {
    private final Storage storage;
    private final Holders holders;
    private final Sighting sighting;
    private final ScanProgress progress;

    UseProbe(Storage storage, Holders holders, Sighting sighting, ScanProgress progress) {
        this.storage = storage;
        this.holders = holders;
        this.sighting = sighting;
        this.progress = progress;
    }

    /** What was found of an image that was open anyway. */
    record Access(Use use, boolean readOnly) {
        static Access to(ImageFile image, Storage storage) throws IOException {
            return new Access(UseProbe.use(image), storage.isReadOnly(image.path()));
        }
    }

    /** Replaces the images of chains of two and more by what is found of them. */
    void ask(List<ImageNode> nodes, ScanWorkers workers) throws IOException {
        Set<ImageRef> backing = new HashSet<>();
        for (ImageNode node : nodes) {
            node.backing().ifPresent(link -> {
                link.image().ifPresent(backing::add);
                backing.addAll(link.alsoLeadsTo());
            });
        }
        workers.forEach(nodes.size(), i -> {
            ImageNode node = nodes.get(i);
            if (node.backing().isPresent() || backing.contains(node.ref())) {
                nodes.set(i, asked(node));
                progress.askedForUse();
            }
        });
    }

    private ImageNode asked(ImageNode node) {
        Sighting.Seen seen = sighting.seen(node.ref());
        return seen == null ? node : asked(node, seen);
    }

    private ImageNode asked(ImageNode node, Sighting.Seen seen) {
        Access known = seen.access();
        if (known != null) {
            return with(known, node, seen.file());
        }
        try (ImageFile image = storage.openSeen(seen.file().path(), seen.file().status())) {
            return with(Access.to(image, storage), node, seen.file());
        } catch (IOException e) {
            if (e instanceof ImageException image && image.kind() == ErrorKind.MISSING) {
                return node.withProblem(
                        new Problem(SkipReason.UNREADABLE, node.ref() + " vanished while the folders were looked at"));
            }
            sighting.unknown(node.ref(), e);
            return node.withProblem(Sighting.finding(node.ref().toString(), SkipReason.UNREADABLE, e)
                    .problem());
        }
    }

    private ImageNode with(Access access, ImageNode node, FoundFile file) {
        ImageNode asked = node;
        if (access.readOnly()) {
            asked = asked.withProblem(new Problem(
                    SkipReason.READ_ONLY,
                    node.ref() + " cannot be written: its filesystem or its permissions do not allow it"
                            + " (give this user the right to write it, or mount the pool writable)"));
        }
        return access.use() == Use.FREE ? asked : asked.withUse(access.use()).withProblem(inUse(file, access.use()));
    }

    private Problem inUse(FoundFile file, Use use) {
        return new Problem(
                SkipReason.IN_USE,
                file.ref() + " is open elsewhere" + (use == Use.WRITTEN ? " for writing" : "") + ", by "
                        + holders.of(file.path(), file.status()).orElse("somebody who cannot be seen from here")
                        + " (shut the guest down, or plan again when it is off)");
    }

    private static Use use(ImageFile image) throws IOException {
        if (image.probeLock(LockMode.WRITE).isEmpty()) {
            return Use.FREE;
        }
        return image.probeLock(LockMode.READ).isEmpty() ? Use.READ : Use.WRITTEN;
    }
}
