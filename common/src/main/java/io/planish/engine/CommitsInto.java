package io.planish.engine;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.image.HeaderFile;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.storage.ImageFile;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.SmallFile;
import io.planish.storage.Storage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The commits into one file that were begun and are not finished, as the folders around it remember them, whichever of these was the pool
 * then.
 */
public final class CommitsInto {
    private final Storage storage;
    private final Path image;

    /** @param image where it is, or was, without symbolic links */
    public CommitsInto(Storage storage, Path image) {
        this.storage = storage;
        this.image = image;
    }

    /** What was let go, and the layers in other pools than the image that keep the mark of a commit that nobody remembers now. */
    public record LetGo(int commits, List<ImageRef> stillMarked) {}

    private record Remembered(Path file, Path root, Intent intent) {}

    /** @throws ImageException of kind {@code HALF_MERGED} if there is one that may still write */
    void requireNone() throws IOException {
        for (Remembered commit : all()) {
            if (commit.intent().phase() != Intent.Phase.ENDED) {
                throw new ImageException(
                        ErrorKind.HALF_MERGED,
                        image.toString(),
                        "a commit into it was begun and not finished",
                        "finish it with planish flatten " + commit.root()
                                + ", or let go of it with planish check -r mark " + image);
            }
        }
    }

    /** The ids of all pools that their files were in. */
    public Set<String> pools() throws IOException {
        Set<String> ids = new HashSet<>();
        for (Remembered commit : all()) {
            commit.intent().files().values().forEach(file -> ids.add(file.poolId()));
        }
        return ids;
    }

    /**
     * Forgets them, because somebody has finished them by other means or taken their files away: what they have written stays as it is.
     * The marks of middle layers go, that of the image is the caller's. Durable on return.
     *
     * @throws ImageException of kind {@code UNSAFE} if the image is a middle layer of one that goes into another; {@code IMAGE_IN_USE} if a middle
     *     layer is open elsewhere; {@code IO} if a folder around the image cannot be looked at
     */
    public LetGo letGo() throws IOException {
        List<ImageRef> stillMarked = new ArrayList<>();
        List<Remembered> commits = all();
        if (commits.isEmpty()) {
            requireNoneThrough();
        }
        for (Remembered commit : commits) {
            Job job = commit.intent().job();
            for (ImageRef layer : JobChain.of(job).marked()) {
                Path path = commit.root().resolve(layer.path());
                if (!layer.pool().equals(job.target().pool())) {
                    stillMarked.add(layer);
                } else if (!layer.equals(job.target()) && storage.exists(path)) {
                    unmark(path);
                }
            }
            SmallFile.remove(storage, commit.file());
        }
        return new LetGo(commits.size(), stillMarked);
    }

    private void unmark(Path layer) throws IOException {
        try (ImageFile file = storage.open(layer, OpenMode.READ_WRITE)) {
            if (file.tryLock(LockMode.WRITE).isPresent()) {
                throw new ImageException(
                        ErrorKind.IMAGE_IN_USE, layer.toString(), "it is open elsewhere", "wait until it is closed");
            }
            if (HeaderFile.isQcow2(file)) {
                HeaderFile.edit(file, edit -> edit.halfMerged(false));
            }
        }
    }

    /** Without its mark, a layer whose base already holds what lies above it would pass for an image. */
    private void requireNoneThrough() throws IOException {
        for (Remembered commit : remembered()) {
            Job job = commit.intent().job();
            if (job.kind() == JobKind.COMMIT && commit.intent().phase() != Intent.Phase.ENDED) {
                for (ImageRef layer : JobChain.of(job).marked()) {
                    if (isFile(commit, layer)) {
                        throw new ImageException(
                                ErrorKind.UNSAFE,
                                image.toString(),
                                "a commit through it into " + job.target() + " was begun and not finished",
                                "finish it with planish flatten " + commit.root()
                                        + ", or let go of it with planish check -r mark on that image");
                    }
                }
            }
        }
    }

    private List<Remembered> all() throws IOException {
        List<Remembered> into = new ArrayList<>();
        for (Remembered commit : remembered()) {
            Job job = commit.intent().job();
            if (job.kind() == JobKind.COMMIT && isFile(commit, job.target())) {
                into.add(commit);
            }
        }
        return into;
    }

    private List<Remembered> remembered() throws IOException {
        List<Remembered> jobs = new ArrayList<>();
        for (Path root = image.getParent(); root != null; root = root.getParent()) {
            for (Map.Entry<Path, Intent> file : IntentFiles.all(storage, root).entrySet()) {
                jobs.add(new Remembered(file.getKey(), root, file.getValue()));
            }
        }
        return jobs;
    }

    /** By the file's name then, or because it is the same file under another one. */
    private boolean isFile(Remembered commit, ImageRef layer) throws IOException {
        boolean samePool = layer.pool().equals(commit.intent().job().target().pool());
        if (samePool && commit.root().resolve(layer.path()).equals(image)) {
            return true;
        }
        FileFacts then = commit.intent().files().get(layer);
        return then != null
                && storage.exists(image)
                && storage.status(image).facts(then.poolId()).sameFile(then);
    }
}
