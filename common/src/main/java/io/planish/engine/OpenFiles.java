package io.planish.engine;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.storage.FileStatus;
import io.planish.storage.Holders;
import io.planish.storage.ImageFile;
import io.planish.storage.ImageFile.LockConflict;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.Storage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The files of one job, open and locked as QEMU would lock them. Closing gives up all locks. One thread.
 */
final class OpenFiles implements AutoCloseable {
    private static final long POLL_MILLIS = 100;

    private final Storage storage;
    private final Map<ImageRef, ImageFile> files = new LinkedHashMap<>();

    OpenFiles(Storage storage) {
        this.storage = storage;
    }

    /**
     * Opens and locks one file; what is seen of one that is locked for writing is durable. Another attempt of Planish lets go by itself and is waited for.
     *
     * @throws ImageException of kind {@code IMAGE_IN_USE} when a hypervisor or a tool has it; of kind {@code
     *     CHANGED_UNDERNEATH} when the name came to mean another file meanwhile
     * @throws StopRequested when that other attempt did not let go in time; the job is to be tried again later
     */
    ImageFile open(ImageRef ref, Path path, LockMode lock, Duration wait, Attempt attempt) throws IOException {
        ImageFile file = storage.open(path, lock == LockMode.WRITE ? OpenMode.READ_WRITE : OpenMode.READ);
        files.put(ref, file);
        long deadline = System.nanoTime() + wait.toNanos();
        for (Optional<LockConflict> conflict = file.tryLock(lock);
                conflict.isPresent();
                conflict = file.tryLock(lock)) {
            if (conflict.get() == LockConflict.OTHER) {
                String who = new Holders()
                        .of(path, file.status())
                        .map(name -> ", by " + name)
                        .orElse("");
                throw new ImageException(
                        ErrorKind.IMAGE_IN_USE,
                        ref.toString(),
                        "it is open elsewhere" + who,
                        "shut down the VM or tool that holds it, or wait for a run when it is off");
            }
            if (System.nanoTime() - deadline > 0 || attempt.stopRequested()) {
                throw new StopRequested(ref + ": another attempt of Planish still holds its lock");
            }
            attempt.mayContinue();
            pause();
        }
        if (storage.status(path).inode() != file.status().inode()) {
            throw new ImageException(
                    ErrorKind.CHANGED_UNDERNEATH,
                    path.toString(),
                    "the name means another file than a moment ago",
                    "plan again");
        }
        if (lock == LockMode.WRITE) {
            // a process that was killed may have left there what is seen, and believed, but not durable yet
            file.sync();
        }
        return file;
    }

    /** All stay open until the job ends: a lock lives as long as its descriptor. */
    void requireRoom(int count) throws IOException {
        storage.requireOpenFiles(count);
    }

    ImageFile get(ImageRef ref) {
        ImageFile file = files.get(ref);
        if (file == null) {
            throw new IllegalStateException(ref + " is not open");
        }
        return file;
    }

    /** Whether the path leads to the open file, be it by another of its names. */
    boolean isAt(ImageRef ref, Path path) throws IOException {
        FileStatus there = storage.status(path);
        FileStatus open = get(ref).status();
        return there.inode() == open.inode() && there.device() == open.device();
    }

    boolean has(ImageRef ref) {
        return files.containsKey(ref);
    }

    private static void pause() throws ImageException {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.LEASE_LOST, "interrupted while waiting for a lock", "");
        }
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (ImageFile file : files.values()) {
            try {
                file.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        files.clear();
        if (failure != null) {
            throw failure;
        }
    }
}
