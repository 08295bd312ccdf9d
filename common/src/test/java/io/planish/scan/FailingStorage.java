package io.planish.scan;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.storage.FileStatus;
import io.planish.storage.ImageFile;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A storage in which one folder cannot be listed, or one file not be written, as if it were somebody else's; root could any real one. */
record FailingStorage(Storage real, Path locked) implements Storage {
    @Override
    public ImageFile open(Path path, OpenMode mode) throws IOException {
        if (path.equals(locked) && mode == OpenMode.READ_WRITE) {
            throw new ImageException(ErrorKind.IO, path.toString(), "permission denied", "");
        }
        return real.open(path, mode);
    }

    @Override
    public ImageFile create(Path path) throws IOException {
        return real.create(path);
    }

    @Override
    public FileStatus status(Path path) throws IOException {
        return real.status(path);
    }

    @Override
    public boolean exists(Path path) throws IOException {
        return real.exists(path);
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        if (directory.equals(locked)) {
            throw new ImageException(ErrorKind.IO, directory.toString(), "permission denied", "");
        }
        return real.list(directory);
    }

    @Override
    public Path realPath(Path path) throws IOException {
        return real.realPath(path);
    }

    @Override
    public String readLink(Path link) throws IOException {
        return real.readLink(link);
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        real.createDirectory(directory);
    }

    @Override
    public void link(Path existing, Path newName) throws IOException {
        real.link(existing, newName);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        real.rename(from, to);
    }

    @Override
    public void unlink(Path path) throws IOException {
        real.unlink(path);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        real.syncDirectory(directory);
    }

    @Override
    public long freeBytes(Path path) throws IOException {
        return real.freeBytes(path);
    }

    @Override
    public boolean isReadOnly(Path path) throws IOException {
        return path.equals(locked) || real.isReadOnly(path);
    }
}
