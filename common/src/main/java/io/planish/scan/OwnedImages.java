package io.planish.scan;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.plan.Owned;
import io.planish.qcow2.Header;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads what images own for somebody who has seen them in another scan. Thread-safe. */
public final class OwnedImages {
    private final Storage storage;
    private final Pools pools;
    private final PathGate gate;

    public OwnedImages(Storage storage, Pools pools, PathGate gate) {
        this.storage = storage;
        this.pools = pools;
        this.gate = gate;
    }

    /**
     * What an image owns now. A file counts as QCOW2 if it begins so: one that does and was recorded as raw is planned for by nobody.
     *
     * @param seen the file's facts in that scan
     * @throws ImageException of kind {@code CHANGED_UNDERNEATH} if another file stands there by now
     */
    public Owned of(ImageRef image, FileFacts seen) throws IOException {
        try (ImageFile file = storage.open(gate.locate(image), Storage.OpenMode.READ)) {
            String poolId = pools.get(image.pool()).id();
            if (!file.status().facts(poolId).sameFile(seen)) {
                throw new ImageException(
                        ErrorKind.CHANGED_UNDERNEATH,
                        image.toString(),
                        "another file stands there than when the pool was scanned",
                        "plan again");
            }
            ByteBuffer begin = ByteBuffer.allocate(Header.PREFIX_BYTES);
            file.read(begin, 0);
            return StoredOwnership.owned(file, image, !Header.hasMagic(begin.clear()));
        }
    }
}
