package io.planish.scan;

import io.planish.storage.FileStatus;
import io.planish.storage.ImageFile;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A storage that does what another one does. */
class ForwardingStorage implements Storage {
    private final Storage real;

    ForwardingStorage(Storage real) {
        this.real = real;
    }

    @Override
    public ImageFile open(Path path, OpenMode mode) throws IOException {
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
    public boolean clones(Path directory) throws IOException {
        return real.clones(directory);
    }

    @Override
    public boolean isReadOnly(Path directory) throws IOException {
        return real.isReadOnly(directory);
    }
}
