package io.planish.storage;

import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/** Small files that are there whole or not at all, whenever the machine stops. */
public final class SmallFile {
    private static final int LARGEST_BYTES = 64 << 20;

    private SmallFile() {}

    /** The content; empty where there is no such file, or one that is none of ours. */
    public static Optional<byte[]> read(Storage storage, Path path) throws IOException {
        if (!storage.exists(path)) {
            return Optional.empty();
        }
        try (ImageFile file = storage.open(path, OpenMode.READ)) {
            long size = file.sizeBytes();
            if (size > LARGEST_BYTES) {
                return Optional.empty();
            }
            ByteBuffer content = ByteBuffer.allocate((int) size);
            file.read(content, 0);
            return Optional.of(content.array());
        }
    }

    /** Durable on return. */
    public static void write(Storage storage, Path path, byte[] content) throws IOException {
        Path fresh = fresh(path);
        if (storage.exists(fresh)) {
            storage.unlink(fresh);
        }
        try (ImageFile file = storage.create(fresh)) {
            file.write(ByteBuffer.wrap(content), 0);
            file.sync();
        }
        storage.rename(fresh, path);
        storage.syncDirectory(parent(path));
    }

    /** With what a write that was stopped left beside it. Durable on return. */
    public static void remove(Storage storage, Path path) throws IOException {
        if (storage.exists(fresh(path))) {
            storage.unlink(fresh(path));
        }
        if (storage.exists(path)) {
            storage.unlink(path);
            storage.syncDirectory(parent(path));
        }
    }

    private static Path fresh(Path path) {
        return path.resolveSibling(path.getFileName() + ".new");
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalArgumentException(path + " has no folder");
        }
        return parent;
    }
}
