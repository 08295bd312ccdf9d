package io.planish.scan;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.storage.ImageFile;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A storage in which one folder cannot be listed, or one file not be written, as if it were somebody else's; root could any real one. */
final class FailingStorage extends ForwardingStorage {
    private final Path locked;

    FailingStorage(Storage real, Path locked) {
        super(real);
        this.locked = locked;
    }

    @Override
    public ImageFile open(Path path, OpenMode mode) throws IOException {
        if (path.equals(locked) && mode == OpenMode.READ_WRITE) {
            throw new ImageException(ErrorKind.IO, path.toString(), "permission denied", "");
        }
        return super.open(path, mode);
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        if (directory.equals(locked)) {
            throw new ImageException(ErrorKind.IO, directory.toString(), "permission denied", "");
        }
        return super.list(directory);
    }

    @Override
    public boolean isReadOnly(Path path) throws IOException {
        return path.equals(locked) || super.isReadOnly(path);
    }
}
