package io.planish.worker.slot;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.engine.Attempt;
import io.planish.engine.CheckpointStore;
import io.planish.job.Progress;
import io.planish.worker.claim.Claim;
import java.io.IOException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** What the engine sees of a claim: it may go on while the lease lasts, and is told to stop by a person or the worker's end. */
final class ClaimedAttempt implements Attempt {
    private final Claim claim;
    private final CheckpointStore checkpoints;
    private final LongSupplier bytesPerSecond;
    private final BooleanSupplier stop;
    private final Consumer<Progress> told;
    private final LongConsumer copied;
    private final LongConsumer waited;
    private final Runnable finishing;

    ClaimedAttempt(
            Claim claim,
            CheckpointStore checkpoints,
            LongSupplier bytesPerSecond,
            BooleanSupplier stop,
            Consumer<Progress> told,
            LongConsumer copied,
            LongConsumer waited,
            Runnable finishing) {
        this.claim = claim;
        this.checkpoints = checkpoints;
        this.bytesPerSecond = bytesPerSecond;
        this.stop = stop;
        this.told = told;
        this.copied = copied;
        this.waited = waited;
        this.finishing = finishing;
    }

    @Override
    public long epoch() {
        return claim.epoch();
    }

    @Override
    public String run() {
        return claim.run().id();
    }

    @Override
    public CheckpointStore checkpoints() {
        return checkpoints;
    }

    @Override
    public void mayContinue() throws IOException {
        if (!claim.tenure().mayAct(System.nanoTime())) {
            throw new ImageException(
                    ErrorKind.LEASE_LOST,
                    "job " + claim.record().job().id() + ": the lease was not renewed in time",
                    "another worker goes on from the last checkpoint");
        }
    }

    @Override
    public boolean stopRequested() {
        return stop.getAsBoolean();
    }

    @Override
    public long bytesPerSecond() {
        return bytesPerSecond.getAsLong();
    }

    @Override
    public void finishing() {
        finishing.run();
    }

    @Override
    public void copied(long bytes) {
        copied.accept(bytes);
    }

    @Override
    public void waitedForCheckpoint(long nanos) {
        waited.accept(nanos);
    }

    @Override
    public void progress(long guestBytesDone, long guestBytesTotal, long bytesCopied) {
        told.accept(new Progress(guestBytesDone, guestBytesTotal, bytesCopied));
    }
}
