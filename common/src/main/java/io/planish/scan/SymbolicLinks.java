package io.planish.scan;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.scan.FoundFile.FileId;
import io.planish.storage.FileStatus;
import io.planish.storage.PathGate;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Follows the symbolic links that stand in pools, as a hypervisor that opens an image by one. */
final class SymbolicLinks {
    private SymbolicLinks() {}

    /**
     * A regular file, which may be in no pool.
     *
     * @param path free of symbolic links
     */
    record Target(Path path, FileStatus status) {
        FileId id() {
            return FileId.of(status);
        }
    }

    /** @return empty if the link leads to no regular file */
    static Optional<Target> target(Storage storage, PathGate gate, ImageRef link) throws IOException {
        try {
            Path path = path(storage, gate, link);
            FileStatus status = storage.status(path);
            return status.type() == FileStatus.Type.REGULAR ? Optional.of(new Target(path, status)) : Optional.empty();
        } catch (ImageException e) {
            if (leadsNowhere(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Whether it leads to a folder in no pool, where nobody looks. */
    static boolean leadsToFolderElsewhere(Storage storage, PathGate gate, ImageRef link) throws IOException {
        try {
            Path path = storage.realPath(gate.here(link));
            return !gate.isInPool(path) && storage.status(path).type() == FileStatus.Type.DIRECTORY;
        } catch (ImageException e) {
            if (leadsNowhere(e)) {
                return false;
            }
            throw e;
        }
    }

    private static Path path(Storage storage, PathGate gate, ImageRef link) throws IOException {
        try {
            return gate.locate(link);
        } catch (ImageException e) {
            if (leadsNowhere(e)) {
                return storage.realPath(gate.here(link));
            }
            throw e;
        }
    }

    private static boolean leadsNowhere(ImageException e) {
        return e.kind() == ErrorKind.MISSING || e.kind() == ErrorKind.OUTSIDE_ROOTS;
    }
}
