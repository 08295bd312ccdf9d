package io.planish.engine;

import io.planish.job.Checkpoint;
import io.planish.job.Job;
import io.planish.job.JobKind;
import io.planish.storage.Pool;
import java.io.IOException;
import java.util.Optional;

/**
 * The checkpoints of one attempt. A batch that is being verified while the next one is copied gets its checkpoint only when it was found
 * right; that is saved while the one after is copied. For one thread.
 */
final class Settlement implements AutoCloseable {
    private final Job job;
    private final Pool pool;
    private final IntentFiles intents;
    private final Attempt attempt;
    private final Helpers verifying;
    private final Helpers saving;
    private Optional<Batch> unsettled = Optional.empty();

    private record Batch(Checkpoint checkpoint, long bytesCopied) {}

    /** @param verifying whoever looks at the batch that was added last; stays open */
    Settlement(Job job, Pool pool, IntentFiles intents, Attempt attempt, Helpers verifying, boolean alone) {
        this.job = job;
        this.pool = pool;
        this.intents = intents;
        this.attempt = attempt;
        this.verifying = verifying;
        this.saving = new Helpers(alone ? 0 : 1, "planish-save-");
    }

    /** A batch that is durable, but for its checkpoint. The one before must be settled. */
    void add(Checkpoint checkpoint, long bytesCopied) {
        unsettled = Optional.of(new Batch(checkpoint, bytesCopied));
    }

    /**
     * Waits until the batch that was added last is found right, and begins to save its checkpoint; those before are durable on return.
     *
     * @param end guest bytes that there are to settle
     */
    void settle(long end) throws IOException {
        verifying.await();
        await();
        if (unsettled.isPresent()) {
            Batch batch = unsettled.get();
            unsettled = Optional.empty();
            saving.run(() -> {
                if (job.kind() == JobKind.COMMIT) {
                    // what is written long after is not ours
                    intents.touch(pool, attempt.run(), job);
                }
                attempt.checkpoints().save(batch.checkpoint());
                attempt.progress(batch.checkpoint().durableBelow(), end, batch.bytesCopied());
            });
        }
    }

    /** What was settled is durable on return. */
    void await() throws IOException {
        long began = System.nanoTime();
        saving.await();
        attempt.waitedForCheckpoint(System.nanoTime() - began);
    }

    @Override
    public void close() {
        saving.close();
    }
}
