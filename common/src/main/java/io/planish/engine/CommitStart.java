package io.planish.engine;

import io.planish.chain.ImageRef;
import io.planish.image.HeaderFile;
import io.planish.job.Job;
import io.planish.storage.Pool;
import java.io.IOException;
import java.util.Optional;

/**
 * How a commit is begun, so that from then on it can only be finished, or is taken up again; and the time of its intent, which follows
 * for as long as this attempt may write. For one thread.
 */
final class CommitStart implements AutoCloseable {
    private final JobChain chain;
    private final Job job;
    private final Pool pool;
    private final OpenFiles files;
    private final Preconditions preconditions;
    private final IntentFiles intents;
    private final Optional<Intent> begun;
    private final Attempt attempt;
    private final AttemptState state;

    /** Whether what the target gets from now on is this attempt's. */
    private boolean mayWrite;

    CommitStart(
            JobChain chain,
            Pool pool,
            OpenFiles files,
            Preconditions preconditions,
            IntentFiles intents,
            Optional<Intent> begun,
            Attempt attempt,
            AttemptState state) {
        this.chain = chain;
        this.job = chain.job();
        this.pool = pool;
        this.files = files;
        this.preconditions = preconditions;
        this.intents = intents;
        this.begun = begun;
        this.attempt = attempt;
        this.state = state;
    }

    /** Fails, with nothing touched, if somebody has written the target, or put another file in a layer's place, since the commit was begun. */
    void takeUp(Intent earlier) throws IOException {
        SinceIntent.requireUntouched(earlier, files.get(job.target()), intents.savedNanos(pool, earlier));
        preconditions.requireSameLayers(earlier);
        preconditions.requireSameLinks();
        intents.touch(pool, attempt.run(), job);
        mayWrite = true;
        preconditions.lateOverlays(true);
    }

    /**
     * Durable on return: the intent, the marks and the target's bitmaps. An overlay that somebody made on a layer after the last look for one, and before
     * the layer had its mark, would lose its content. So the look that counts is the one after the marks, before anything else is written.
     *
     * @param wasMarked whether the target had the mark before
     */
    void begin(Intent intent, OpenChain open, boolean wasMarked) throws IOException {
        if (begun.isEmpty()) {
            intents.save(pool, intent);
            mayWrite = true;
        }
        mark(open, true);
        if (begun.isEmpty()) {
            requireNobodyCame(open);
        } else if (!wasMarked) {
            preconditions.lateOverlays(true);
        }
        if (!intent.targetIsRaw() && !hasBitmapsAlready(wasMarked)) {
            CommitBitmaps.read(chain, open, files).begin(open);
        }
    }

    private void mark(OpenChain open, boolean halfMerged) throws IOException {
        for (ImageRef image : chain.marked()) {
            if (open.isQcow2(image)) {
                HeaderFile.edit(files.get(image), edit -> edit.halfMerged(halfMerged));
            }
        }
    }

    /** Else the commit has not begun: there is no mark and no intent of it any more. */
    private void requireNobodyCame(OpenChain open) throws IOException {
        try {
            preconditions.requireNoUnknownOverlay(false);
        } catch (IOException e) {
            mark(open, false);
            intents.remove(pool, attempt.run(), job);
            state.begun = false;
            throw e;
        }
    }

    /** Whether an earlier attempt gave the target all bitmaps, and nobody has written the top since. */
    private boolean hasBitmapsAlready(boolean wasMarked) throws IOException {
        return begun.isPresent()
                && wasMarked
                && attempt.checkpoints().load(job.id()).isPresent()
                && preconditions.facts(job.top()).equals(begun.get().files().get(job.top()));
    }

    @Override
    public void close() throws IOException {
        if (mayWrite) {
            // a process may have been stopped for long before its last write
            intents.touch(pool, attempt.run(), job);
        }
    }
}
