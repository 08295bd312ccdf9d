package io.planish.engine;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.job.Job;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import io.planish.trash.TrashFolders;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Tries on empty files, in the folders themselves, what a job will do to names and attributes when it can only be finished any more: to
 * be remembered, to take a leaf's name and be as the leaf was, and to move leftovers to the trash.
 */
final class NameRehearsal implements AutoCloseable {
    private final Storage storage;
    private final Pools pools;
    private final PathGate gate;
    private final Job job;
    private final List<Path> made = new ArrayList<>();

    NameRehearsal(Storage storage, Pools pools, PathGate gate, Job job) {
        this.storage = storage;
        this.pools = pools;
        this.gate = gate;
        this.job = job;
    }

    /** @throws ImageException of kind {@code UNSAFE}, saying what cannot be done */
    void run(OpenFiles files, boolean delete) throws IOException {
        remember();
        if (job.replaces().isPresent()) {
            replace(job.replaces().get(), files.get(job.top()));
        }
        if (!delete) {
            Set<Path> folders = new LinkedHashSet<>();
            for (ImageRef leftover : job.retires()) {
                if (folders.add(parent(gate.locate(leftover)))) {
                    retire(leftover);
                }
            }
        }
    }

    private void remember() throws IOException {
        Path root = pools.get(job.target().pool()).root();
        Path intents = root.resolve(IntentFiles.FOLDER);
        try {
            storage.create(fresh(storage.exists(intents) ? intents : root, "intent"))
                    .close();
        } catch (ImageException e) {
            throw refused(
                    "what is begun cannot be written down in " + intents + ": " + e.what(),
                    "run as a user who may write there");
        }
    }

    private void replace(ImageRef leafRef, ImageFile leaf) throws IOException {
        Path from = fresh(parent(gate.locate(job.target())), "target");
        Path to = fresh(parent(gate.locate(leafRef)), "leaf");
        Path second = fresh(trashOf(leafRef), "trash");
        storage.create(to).close();
        try (ImageFile target = storage.create(from)) {
            target.copyAttributesFrom(leaf);
        } catch (ImageException e) {
            throw refused("cannot become as " + leafRef + " is: " + e.what(), "run as a user who may do that; or pull");
        }
        try {
            storage.link(to, second);
            storage.rename(from, to);
        } catch (ImageException e) {
            throw refused(
                    "cannot take the name " + leafRef + ": " + e.what(),
                    "the two folders and the trash must be on one filesystem that has hard links; pull instead");
        }
    }

    private void retire(ImageRef leftover) throws IOException {
        Path from = fresh(parent(gate.locate(leftover)), "leftover");
        Path to = fresh(trashOf(leftover), "trash");
        storage.create(from).close();
        try {
            storage.rename(from, to);
        } catch (ImageException e) {
            throw refused(
                    "the leftover " + leftover + " cannot be moved to the trash: " + e.what(),
                    "its folder must be on the filesystem of the pool's root; or delete leftovers at once");
        }
    }

    /** Where leftovers of the image's pool go, or would. */
    private Path trashOf(ImageRef image) throws IOException {
        Path root = pools.get(image.pool()).root();
        Path trash = root.resolve(TrashFolders.TRASH);
        return storage.exists(trash) ? trash : root;
    }

    /** The name of a file that will not be there on return; an attempt that was killed may have left it. */
    private Path fresh(Path folder, String role) throws IOException {
        Path path = folder.resolve(".planish-try-" + job.id() + "-" + role);
        if (storage.exists(path)) {
            storage.unlink(path);
        }
        made.add(path);
        return path;
    }

    @Override
    public void close() throws IOException {
        for (Path path : made) {
            if (storage.exists(path)) {
                storage.unlink(path);
            }
        }
    }

    private ImageException refused(String what, String advice) {
        return new ImageException(ErrorKind.UNSAFE, job.target().toString(), what, advice);
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalArgumentException(path + " has no folder");
        }
        return parent;
    }
}
