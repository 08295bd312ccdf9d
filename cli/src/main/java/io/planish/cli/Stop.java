package io.planish.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Ctrl-C and SIGTERM as a request to stop at the next safe point; the process ends when that is reached, or after a while. */
final class Stop implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;
    private static final long WORDS_SECONDS = 5;
    private static final CountDownLatch SAID = new CountDownLatch(1);

    private final CountDownLatch atSafePoint = new CountDownLatch(1);
    private final Thread hook = new Thread(this::onSignal, "planish-stop");
    private volatile boolean requested;
    private volatile boolean givenUp;

    static Stop onSignals() {
        Stop stop = new Stop();
        try {
            Runtime.getRuntime().addShutdownHook(stop.hook);
        } catch (IllegalStateException e) {
            // the signal has come already
            stop.requested = true;
        }
        return stop;
    }

    /** The command has told how it ended; a process that was asked to stop ends only then. */
    static void said() {
        SAID.countDown();
    }

    boolean requested() {
        return requested || givenUp;
    }

    /** Asks for it from within: the process does not end for that. */
    void request() {
        givenUp = true;
    }

    private void onSignal() {
        requested = true;
        try {
            if (!atSafePoint.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("planish: not stopped at a safe point in time; the next run continues all the same");
                return;
            }
            SAID.await(WORDS_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Nothing is under way any more. */
    @Override
    public void close() {
        atSafePoint.countDown();
        if (!requested) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // the process is ending already, and the hook has nothing to wait for
            }
        }
    }
}
