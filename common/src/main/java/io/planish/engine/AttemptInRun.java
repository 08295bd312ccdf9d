package io.planish.engine;

import java.io.IOException;

/** An attempt at a job of another run than the one it was made for. */
record AttemptInRun(Attempt attempt, String run) implements Attempt {
    @Override
    public long epoch() {
        return attempt.epoch();
    }

    @Override
    public CheckpointStore checkpoints() {
        return attempt.checkpoints();
    }

    @Override
    public void mayContinue() throws IOException {
        attempt.mayContinue();
    }

    @Override
    public boolean stopRequested() {
        return attempt.stopRequested();
    }

    @Override
    public void progress(long guestBytesDone, long guestBytesTotal, long bytesCopied) {
        attempt.progress(guestBytesDone, guestBytesTotal, bytesCopied);
    }
}
