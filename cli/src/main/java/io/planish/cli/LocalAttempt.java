package io.planish.cli;

import io.planish.engine.Attempt;
import io.planish.engine.CheckpointStore;
import java.util.function.BooleanSupplier;

/** An attempt that this process makes on its own account: no lease, and whoever started it may stop it. */
record LocalAttempt(
        String run,
        long epoch,
        CheckpointStore checkpoints,
        BooleanSupplier stop,
        ProgressSink progress,
        long bytesPerSecond)
        implements Attempt {

    @Override
    public void mayContinue() {}

    @Override
    public boolean stopRequested() {
        return stop.getAsBoolean();
    }

    @Override
    public void progress(long guestBytesDone, long guestBytesTotal, long bytesCopied) {
        progress.show(guestBytesDone, guestBytesTotal, bytesCopied);
    }
}
