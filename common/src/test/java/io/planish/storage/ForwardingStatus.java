package io.planish.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A storage that notes every path it is asked about and opens nothing. */
record ForwardingStatus(Storage storage, List<Path> seen) implements Storage {
    @Override
    public FileStatus status(Path path) throws IOException {
        seen.add(path);
        return storage.status(path);
    }

    @Override
    public String readLink(Path link) throws IOException {
        seen.add(link);
        return storage.readLink(link);
    }

    @Override
    public Path realPath(Path path) throws IOException {
        seen.add(path);
        return storage.realPath(path);
    }

    @Override
    public boolean exists(Path path) throws IOException {
        seen.add(path);
        return storage.exists(path);
    }

    @Override
    public ImageFile open(Path path, OpenMode mode) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ImageFile create(Path path) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Path> list(Path directory) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void createDirectory(Path directory) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void link(Path existing, Path newName) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void rename(Path from, Path to) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void unlink(Path path) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void syncDirectory(Path directory) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long freeBytes(Path path) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean isReadOnly(Path directory) {
        throw new UnsupportedOperationException();
    }
}
