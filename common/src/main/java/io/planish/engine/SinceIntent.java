package io.planish.engine;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.image.HeaderFile;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.job.Relink;
import io.planish.qcow2.Backing;
import io.planish.qcow2.Header;
import io.planish.qcow2.Marks;
import io.planish.storage.FileStatus;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Resolution;
import io.planish.storage.Storage;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * What a guest may have done between two attempts, while nobody held the locks, to a job whose target held all content already. The files
 * are open and locked again.
 */
final class SinceIntent {
    /** A batch is copied in seconds; a slow disk may take much longer to make it durable. */
    private static final Duration LONGEST_BATCH = Duration.ofMinutes(5);

    private final Storage storage;
    private final PathGate gate;
    private final Intent intent;
    private final Job job;
    private final OpenFiles files;
    private final ImageFile target;

    SinceIntent(Storage storage, PathGate gate, Intent intent, OpenFiles files) {
        this.storage = storage;
        this.gate = gate;
        this.intent = intent;
        this.job = intent.job();
        this.files = files;
        this.target = files.get(job.target());
    }

    /**
     * Fails if another program has written a commit's target since it was marked: it may have finished the commit, or gone on from there.
     * A version 3 header tells of one that has opened the image for writing, but not of one that had it open for reading before, as
     * {@code qemu-img commit} has its base; of that, and of any other file, the file's time tells, long after the intent was saved for the
     * last time.
     *
     * @param savedNanos when that was, by the clock of the target's filesystem
     */
    static void requireUntouched(Intent intent, ImageFile target, long savedNanos) throws IOException {
        boolean isTouched = target.status().mtimeNanos() - savedNanos > LONGEST_BATCH.toNanos();
        Optional<Header> header = intent.targetIsRaw() ? Optional.empty() : Optional.of(HeaderFile.read(target));
        if (header.isPresent() && Marks.tellOfOthers(header.get())) {
            // an image without the mark is done with, and its users write it
            isTouched = Marks.isHalfMerged(header.get()) && (isTouched || Marks.isTouched(header.get()));
        }
        if (isTouched) {
            throw new ImageException(
                    ErrorKind.CHANGED_UNDERNEATH,
                    intent.job().target().toString(),
                    "another program has written it since a commit into it was begun",
                    "planish check -r mark " + intent.job().target()
                            + " lets go of that commit; then commit again what is to be committed");
        }
    }

    /**
     * Whether the target still holds all that the top shows.
     *
     * @param moved whether the target has taken a leaf's name
     */
    boolean isNothingLost(boolean moved) throws IOException {
        if (job.kind() != JobKind.COMMIT) {
            return HeaderFile.read(target).backing().equals(intent.targetBacking())
                    || isUnchanged(job.target()) && isNewChainUnchanged();
        }
        return moved || isTheOneThatWasWritten() && (!job.relinks().isEmpty() || isUnchanged(job.top()));
    }

    /**
     * Whether nobody put another content in the place of a commit's target: it has the mark until all overlays are linked to it. A raw
     * file has none, and must not have been touched while nothing is linked to it.
     */
    private boolean isTheOneThatWasWritten() throws IOException {
        if (intent.targetIsRaw()) {
            return !job.relinks().isEmpty() || isUnchanged(job.target());
        }
        return Marks.isHalfMerged(HeaderFile.read(target)) || !job.relinks().isEmpty() && isRelinked();
    }

    private boolean isRelinked() throws IOException {
        for (Relink relink : job.relinks()) {
            Optional<Backing> link =
                    HeaderFile.read(files.get(relink.overlay())).backing();
            if (link.isEmpty()
                    || !(gate.resolveBacking(relink.overlay(), link.get().name()) instanceof Resolution.Inside inside)
                    || !inside.ref().equals(relink.backing())) {
                return false;
            }
        }
        return true;
    }

    private boolean isUnchanged(ImageRef image) throws IOException {
        return files.has(image) && isAsThen(image, files.get(image).status());
    }

    /** What a rebased image will show of its new chain is what it was compared with. */
    private boolean isNewChainUnchanged() throws IOException {
        for (ImageRef image : JobChain.of(job).newChain()) {
            if (!isAsThen(image, storage.status(gate.locate(image)))) {
                return false;
            }
        }
        return true;
    }

    private boolean isAsThen(ImageRef image, FileStatus now) {
        FileFacts then = intent.files().get(image);
        return then != null && now.sizeBytes() == then.sizeBytes() && now.mtimeNanos() == then.mtimeNanos();
    }

    /** The job's chain as far as the target's backing link has not left it behind. */
    JobChain chain() throws IOException {
        JobChain chain = JobChain.of(job);
        if (chain.target() == chain.lo()) {
            return chain;
        }
        ImageRef below = chain.images().get(chain.target() - 1);
        Optional<Backing> backing = HeaderFile.read(target).backing();
        boolean linkedAsBefore = backing.isPresent()
                && gate.resolveBacking(job.target(), backing.get().name()) instanceof Resolution.Inside inside
                && inside.ref().equals(below);
        return linkedAsBefore ? chain : chain.withTargetLinked();
    }
}
