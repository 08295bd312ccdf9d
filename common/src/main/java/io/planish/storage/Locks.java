package io.planish.storage;

import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.file.Path;

/** Whether a pool's filesystem has locks that keep anybody out. */
public final class Locks {
    private Locks() {}

    /**
     * Whether a second descriptor of the pool's marker sees the lock of the first. What another machine sees of it cannot be
     * asked from here.
     */
    public static boolean workOn(Storage storage, Path root) throws IOException {
        Path marker = root.resolve(PoolMarker.FILE_NAME);
        try (ImageFile first = storage.open(marker, OpenMode.READ);
                ImageFile second = storage.open(marker, OpenMode.READ)) {
            return first.tryLock(LockMode.READ).isEmpty()
                    && second.probeLock(LockMode.WRITE).isPresent();
        }
    }
}
