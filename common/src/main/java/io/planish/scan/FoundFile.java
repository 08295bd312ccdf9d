package io.planish.scan;

import io.planish.chain.ImageRef;
import io.planish.storage.FileStatus;
import io.planish.storage.Pool;
import java.nio.file.Path;

/** A regular file of a pool, as a walk came by. */
record FoundFile(ImageRef ref, Pool pool, FileStatus status) {
    Path path() {
        return pool.root().resolve(ref.path());
    }

    FileId id() {
        return FileId.of(status);
    }

    /** Which file it is, whatever its name; within this process. */
    record FileId(long device, long inode) {
        static FileId of(FileStatus status) {
            return new FileId(status.device(), status.inode());
        }
    }
}
