package io.planish.engine;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads that work for one other thread. With none, all is done at once by the caller. After {@link #close} nothing is being done any
 * more: files may be closed, locks given up. The methods belong to the one thread.
 */
final class Helpers implements AutoCloseable {
    private final ThreadPoolExecutor threads;
    private final boolean alone;
    private final Deque<Future<?>> running = new ArrayDeque<>();

    /** Something that works on files. */
    interface Task {
        void run() throws IOException;
    }

    /** @param count 0: the caller does it all */
    Helpers(int count, String name) {
        this.alone = count == 0;
        this.threads = new ThreadPoolExecutor(
                Math.max(1, count),
                Math.max(1, count),
                1,
                TimeUnit.MINUTES,
                new ArrayBlockingQueue<>(2 * Math.max(1, count)),
                Thread.ofPlatform().daemon().name(name, 0).factory(),
                new ThreadPoolExecutor.CallerRunsPolicy());
    }

    /** Sees to it that the task is done; the caller does it itself when all threads have enough to do. */
    void run(Task task) throws IOException {
        if (alone) {
            task.run();
            return;
        }
        FutureTask<Void> future = new FutureTask<>(() -> {
            task.run();
            return null;
        });
        running.add(future);
        threads.execute(future);
    }

    /** Returns when all tasks have ended, with the failure of the first that failed. */
    void await() throws IOException {
        Throwable failure = null;
        boolean interrupted = false;
        while (!running.isEmpty()) {
            try {
                running.peek().get();
                running.remove();
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (ExecutionException e) {
                failure = failure == null ? e.getCause() : failure;
                running.remove();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        switch (failure) {
            case null -> {}
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        boolean interrupted = false;
        while (true) {
            try {
                if (threads.awaitTermination(1, TimeUnit.MINUTES)) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
