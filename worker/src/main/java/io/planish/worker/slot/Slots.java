package io.planish.worker.slot;

import io.planish.worker.claim.Claim;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** So many jobs at once, each on a platform thread of its own: a job spends its life inside blocking system calls. Thread-safe. */
public final class Slots {
    private final Semaphore free;
    private final ExecutorService threads;
    private final ClaimedJobs jobs;
    private volatile boolean stopping;

    public Slots(int count, ClaimedJobs jobs) {
        if (count < 1) {
            throw new IllegalArgumentException("planish.worker.slots is " + count + ", but must be at least 1");
        }
        this.free = new Semaphore(count);
        this.threads = Executors.newFixedThreadPool(
                count, Thread.ofPlatform().name("job-", 0).factory());
        this.jobs = jobs;
    }

    /** Takes a free slot, if there is one and the worker is not stopping. */
    public boolean tryTake() {
        return !stopping && free.tryAcquire();
    }

    /** Gives back a slot that {@link #tryTake} gave and no job came to use. */
    public void giveBack() {
        free.release();
    }

    public int free() {
        return stopping ? 0 : free.availablePermits();
    }

    /** Carries a claimed job out in a slot taken before, which is free again afterwards. */
    public void start(Claim claim) {
        threads.execute(() -> {
            try {
                jobs.carryOut(claim, () -> stopping);
            } finally {
                free.release();
            }
        });
    }

    /** Takes no more jobs, and asks those that run to stop at their next checkpoint. */
    public void stop() {
        stopping = true;
        threads.shutdown();
    }

    /** Waits for those that were asked to stop; says whether all have. */
    public boolean await(Duration patience) {
        try {
            return threads.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
