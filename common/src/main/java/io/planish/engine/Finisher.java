package io.planish.engine;

import io.planish.chain.ImageRef;
import io.planish.image.HeaderFile;
import io.planish.image.Images;
import io.planish.image.Qcow2Writer;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import io.planish.qcow2.Backing;
import io.planish.qcow2.Header;
import io.planish.qcow2.HeaderEdit;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Pool;
import io.planish.storage.Pools;
import io.planish.storage.Resolution;
import io.planish.storage.Storage;
import io.planish.trash.LeftInPlace;
import io.planish.trash.TrashFolders;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Does what an intent says is left, from wherever an earlier attempt stopped; every step is durable before the next and may be
 * repeated:
 *
 * <ol>
 *   <li>the target gets its final size and backing file in one header write (a target that will move gets an absolute name);
 *   <li>each overlay of the top is linked to the target;
 *   <li>a target that replaces a leaf takes its attributes and then its name, while the leaf keeps a second one in the trash;
 *       then the target's backing name gets its final form, and the half-merged mark goes;
 *   <li>after a commit, what stood above the target becomes unopenable;
 *   <li>leftovers nobody refers to go to the trash, or away;
 *   <li>mappings past the end of a target that shrank are dropped; the intent goes.
 * </ol>
 */
final class Finisher {
    private static final long TABLE_BYTES = 16 << 20;

    private final Storage storage;
    private final Pools pools;
    private final PathGate gate;
    private final IntentFiles intents;
    private final TrashFolders trash;
    private final Sweep sweep;
    private final List<ImageRef> retired = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final Set<Path> madeFolders = new HashSet<>();

    Finisher(Storage storage, Pools pools, PathGate gate, IntentFiles intents, Sweep sweep) {
        this.storage = storage;
        this.pools = pools;
        this.gate = gate;
        this.intents = intents;
        this.trash = new TrashFolders(storage, pools);
        this.sweep = sweep;
    }

    List<ImageRef> retired() {
        return List.copyOf(retired);
    }

    List<String> notes() {
        return List.copyOf(notes);
    }

    /** The files are open and locked for writing; on return the job is done and forgotten in the pool. */
    void finish(Intent intent, OpenFiles files, Attempt attempt) throws IOException {
        Job job = intent.job();
        ImageFile target = files.get(job.target());
        attempt.mayContinue();
        boolean moves = job.replaces().isPresent() && !hasMoved(job, files);
        if (!job.replaces().isPresent() || moves) {
            Optional<Backing> backing = moves ? absoluteBase(gate, intent) : intent.targetBacking();
            if (intent.targetIsRaw()) {
                cutTo(target, intent.virtualSizeBytes());
            } else if (job.kind() == JobKind.COMMIT) {
                long size = intent.virtualSizeBytes();
                CommitBitmaps.resize(JobChain.of(job), files, size, edit -> link(edit.virtualSize(size), backing));
            } else {
                rememberLeftInPlace(intent);
                // the size stays: a guest may have changed it between two attempts
                HeaderFile.edit(target, edit -> link(edit, backing));
            }
        }
        for (Relink relink : job.relinks()) {
            attempt.mayContinue();
            relink(files.get(relink.overlay()), relink, intent.targetIsRaw() ? Images.RAW : Images.QCOW2);
        }
        if (job.replaces().isPresent()) {
            attempt.mayContinue();
            if (moves) {
                replace(intent, job.replaces().get(), target, files.get(job.top()));
            }
            if (moves || leadsToBase(job, target)) {
                HeaderFile.edit(target, edit -> link(edit, intent.targetBacking()));
            }
        }
        if (job.kind() == JobKind.COMMIT) {
            if (JobChain.of(job).keepsLayers()) {
                intents.save(pools.get(job.target().pool()), intent.ended());
            }
            endCommit(JobChain.of(job), intent, files);
        }
        retire(intent, files, attempt);
        dropPastEnd(target, intent);
        intents.remove(pools.get(job.target().pool()), intent.run(), job);
    }

    /** Nobody in these pools stands on the layer below the target once the target's link passes it over. */
    private void rememberLeftInPlace(Intent intent) throws IOException {
        JobChain chain = JobChain.of(intent.job());
        if (chain.target() == chain.lo()) {
            return;
        }
        ImageRef layer = chain.images().get(chain.target() - 1);
        Pool pool = pools.get(layer.pool());
        if (!pool.complete() && !intent.job().retires().contains(layer)) {
            new LeftInPlace(storage, pool).add(intent.run(), intent.job().id(), layer);
        }
    }

    /** Does what is left of an intent that has ended; whoever writes the images by now keeps what was written. */
    void end(Intent intent, OpenFiles files) throws IOException {
        endCommit(JobChain.of(intent.job()), intent, files);
        intents.remove(pools.get(intent.job().target().pool()), intent.run(), intent.job());
    }

    /** The base of a target that will move, under a name that means the same in both folders. */
    static Optional<Backing> absoluteBase(PathGate gate, Intent intent) throws IOException {
        Job job = intent.job();
        if (intent.targetBacking().isEmpty()) {
            return Optional.empty();
        }
        String name = gate.backingName(job.target(), job.base().orElseThrow(), "/");
        return Optional.of(new Backing(name, intent.targetBacking().get().format()));
    }

    /** Whether the new leaf still has the base it was given: since it has its name, its owner may have rebased it. */
    private boolean leadsToBase(Job job, ImageFile target) throws IOException {
        Optional<Backing> link = HeaderFile.read(target).backing();
        if (link.isEmpty() || job.base().isEmpty()) {
            return link.isEmpty() && job.base().isEmpty();
        }
        return gate.resolveBacking(
                                job.replaces().orElse(job.target()), link.get().name())
                        instanceof Resolution.Inside inside
                && inside.ref().equals(job.base().get());
    }

    static HeaderEdit link(HeaderEdit edit, Optional<Backing> backing) {
        return backing.isPresent() ? edit.backing(backing.get()) : edit.noBacking();
    }

    private void relink(ImageFile overlay, Relink relink, String format) throws IOException {
        Header header = HeaderFile.read(overlay);
        String old = header.backing().map(Backing::name).orElse("");
        boolean done = gate.resolveBacking(relink.overlay(), old) instanceof Resolution.Inside inside
                && inside.ref().equals(relink.backing());
        if (!done) {
            String name = gate.backingName(relink.overlay(), relink.backing(), old);
            HeaderFile.edit(overlay, edit -> edit.backing(new Backing(name, format)));
        }
    }

    /** Takes the leaf's attributes and name; the leaf's own inode keeps a name in the trash. */
    private void replace(Intent intent, ImageRef leafRef, ImageFile target, ImageFile leaf) throws IOException {
        Path from = gate.locate(intent.job().target());
        Path to = gate.locate(leafRef);
        target.copyAttributesFrom(leaf);
        target.sync();
        Path away = trashPath(intent, leafRef);
        if (!storage.exists(away)) {
            makeFolders(away, rootOf(leafRef));
            storage.link(to, away);
            storage.syncDirectory(parent(away));
        }
        storage.rename(from, to);
        storage.syncDirectory(parent(to));
        storage.syncDirectory(parent(from));
        retired.add(leafRef);
    }

    /** Makes durable what an attempt that was killed may have done to names last. */
    void settleNames(Intent intent) throws IOException {
        Set<Path> folders = new LinkedHashSet<>();
        for (ImageRef image : intent.files().keySet()) {
            Path root = pools.get(image.pool()).root();
            for (Path name : List.of(pathOf(image), trashPath(intent, image))) {
                for (Path folder = parent(name); folder.startsWith(root); folder = parent(folder)) {
                    if (storage.exists(folder)) {
                        folders.add(folder);
                    }
                }
            }
        }
        for (Path folder : folders) {
            storage.syncDirectory(folder);
        }
    }

    /** Whether the target has taken the name of the leaf that it replaces. */
    boolean hasMoved(Job job, OpenFiles files) throws IOException {
        return job.replaces().isPresent()
                && hasName(files.get(job.target()), gate.locate(job.replaces().get()));
    }

    private boolean hasName(ImageFile file, Path path) throws IOException {
        return storage.exists(path)
                && storage.status(path).inode() == file.status().inode();
    }

    /** Moves leftovers away, unless somebody has come to refer to them since the plan. */
    private void retire(Intent intent, OpenFiles files, Attempt attempt) throws IOException {
        Set<ImageRef> left = new HashSet<>();
        for (ImageRef image : intent.job().retires()) {
            if (storage.exists(pathOf(image))) {
                left.add(image);
            }
        }
        Map<ImageRef, Set<ImageRef>> overlays = sweep.overlaysOf(left);
        if (!intent.delete()) {
            new Leftovers(storage, pools, trash).record(intent, files);
        }
        List<ImageRef> topFirst = JobChain.of(intent.job()).images().reversed().stream()
                .filter(image -> intent.job().retires().contains(image)
                        || intent.job().replaces().equals(Optional.of(image)))
                .toList();
        for (ImageRef image : topFirst) {
            attempt.mayContinue();
            Path path = intent.job().replaces().equals(Optional.of(image)) ? trashPath(intent, image) : pathOf(image);
            if (!files.has(image) || !hasName(files.get(image), path)) {
                continue;
            }
            Set<ImageRef> users = new HashSet<>(overlays.getOrDefault(image, Set.of()));
            users.removeAll(intent.job().retires());
            if (!users.isEmpty()) {
                notes.add(image + " is kept: " + users + " came to refer to it");
                continue;
            }
            if (intent.delete()) {
                storage.unlink(path);
                storage.syncDirectory(parent(path));
            } else if (!intent.job().replaces().equals(Optional.of(image))) {
                Path away = trashPath(intent, image);
                makeFolders(away, rootOf(image));
                storage.rename(path, away);
                storage.syncDirectory(parent(away));
                storage.syncDirectory(parent(path));
            }
            if (!retired.contains(image)) {
                retired.add(image);
            }
        }
    }

    /** The marks go, and with them the views that have ended; without new links nobody can tell these from valid ones. */
    private static void endCommit(JobChain chain, Intent intent, OpenFiles files) throws IOException {
        if (chain.keepsLayers()) {
            for (ImageRef image : chain.marked()) {
                if (files.has(image)) {
                    unmark(image, intent, files);
                }
            }
            return;
        }
        unmark(chain.job().target(), intent, files);
        for (ImageRef image : chain.committed()) {
            if (files.has(image)) {
                HeaderFile.poison(files.get(image));
            }
        }
    }

    private static void unmark(ImageRef image, Intent intent, OpenFiles files) throws IOException {
        if (!intent.targetIsRaw() || !image.equals(intent.job().target())) {
            HeaderFile.edit(files.get(image), edit -> edit.halfMerged(false));
        }
    }

    /** What lies past the end of a raw target's new size is hidden by the top, which ends there, and must not show through its overlays. */
    private static void cutTo(ImageFile target, long sizeBytes) throws IOException {
        if (target.sizeBytes() > sizeBytes) {
            target.truncate(sizeBytes);
            target.sync();
        }
    }

    /** The size is the header's: since the target took a leaf's name, a guest may have made it larger. */
    private static void dropPastEnd(ImageFile target, Intent intent) throws IOException {
        if (intent.job().kind() == JobKind.COMMIT && !intent.targetIsRaw()) {
            Header header = HeaderFile.read(target);
            Qcow2Writer.open(target, header).discardFrom(header.virtualSizeBytes(), TABLE_BYTES);
        }
    }

    private Path rootOf(ImageRef image) {
        return pools.get(image.pool()).root();
    }

    private Path pathOf(ImageRef image) {
        return rootOf(image).resolve(image.path());
    }

    Path trashPath(Intent intent, ImageRef image) {
        return trash.pathOf(intent.run(), image);
    }

    /** Another job may be about to make the same ones: each is made durable here, whoever made it. */
    private void makeFolders(Path file, Path root) throws IOException {
        Path folder = parent(file);
        if (!folder.equals(root) && madeFolders.add(folder)) {
            makeFolders(folder, root);
            storage.ensureDirectory(folder);
            storage.syncDirectory(parent(folder));
        }
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalArgumentException(path + " has no folder");
        }
        return parent;
    }
}
