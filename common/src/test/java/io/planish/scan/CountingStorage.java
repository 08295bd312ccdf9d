package io.planish.scan;

import io.planish.storage.ImageFile;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** A storage that counts the files it opens. */
final class CountingStorage extends ForwardingStorage {
    private final AtomicInteger opened = new AtomicInteger();

    CountingStorage(Storage real) {
        super(real);
    }

    /** How many since it was asked last. */
    int opened() {
        return opened.getAndSet(0);
    }

    @Override
    public ImageFile open(Path path, OpenMode mode) throws IOException {
        opened.incrementAndGet();
        return super.open(path, mode);
    }
}
