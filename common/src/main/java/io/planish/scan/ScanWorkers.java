package io.planish.scan;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;

/**
 * The threads of one scan. Whoever waits for them can be interrupted: then they are told to stop, which they look for at every file, and the
 * wait ends when they have.
 */
final class ScanWorkers implements AutoCloseable {
    private static final int CHUNK = 256;
    private static final long TICK_MILLIS = 100;

    private final ForkJoinPool pool;
    private final Runnable tick;
    private volatile boolean cancelled;

    /** @param tick is run by the thread that waits, every tenth of a second */
    ScanWorkers(int threads, Runnable tick) {
        this.pool = new ForkJoinPool(threads);
        this.tick = tick;
    }

    ForkJoinPool pool() {
        return pool;
    }

    boolean cancelled() {
        return cancelled;
    }

    /** Does the same for each of {@code 0..count-1}, in no order. */
    void forEach(int count, IntConsumer action) throws IOException {
        List<Future<?>> chunks = new ArrayList<>();
        for (int from = 0; from < count; from += CHUNK) {
            int begin = from;
            int end = Math.min(count, from + CHUNK);
            chunks.add(pool.submit(() -> {
                for (int i = begin; i < end && !cancelled; i++) {
                    action.accept(i);
                }
            }));
        }
        await(chunks);
    }

    /** @throws InterruptedIOException if this thread is interrupted; nothing goes on then */
    void await(Collection<? extends Future<?>> work) throws IOException {
        try {
            for (Future<?> one : work) {
                await(one);
            }
        } catch (InterruptedException e) {
            cancelled = true;
            close();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the scan was cancelled");
        } catch (ExecutionException e) {
            cancelled = true;
            throw new IllegalStateException("a scan failed", e.getCause());
        }
    }

    private void await(Future<?> one) throws InterruptedException, ExecutionException {
        while (true) {
            if (Thread.interrupted()) {
                throw new InterruptedException(); // get does not look where the work is done already
            }
            try {
                one.get(TICK_MILLIS, TimeUnit.MILLISECONDS);
                return;
            } catch (TimeoutException e) {
                tick.run();
            }
        }
    }

    @Override
    public void close() {
        pool.close();
    }
}
