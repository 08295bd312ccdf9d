package io.planish.image;

import io.planish.storage.ImageFile;
import java.io.IOException;

/** Takes all data out of an image whose backing file, durably, shows the same. */
public final class ImageEmptying {
    private static final long TABLE_BYTES = 16 << 20;

    private ImageEmptying() {}

    /**
     * On return all clusters but those of bitmaps and internal snapshots are given back, durably. A crash leaves the image full, empty or
     * something in between, each of which shows the same. The caller holds the image's lock.
     *
     * @param name for messages
     */
    public static void run(ImageFile file, String name) throws IOException {
        if (FreshTables.suit(HeaderFile.read(file))) {
            FreshTables.install(file);
        } else {
            MetadataCheck.repair(file, name);
            Qcow2Writer.open(file, HeaderFile.read(file)).discardFrom(0, TABLE_BYTES);
        }
    }
}
