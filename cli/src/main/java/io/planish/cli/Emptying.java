package io.planish.cli;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageNode;
import io.planish.image.ImageEmptying;
import io.planish.storage.ImageFile;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.file.Path;

/** Takes all data out of an image whose backing file, durably, shows the same. */
final class Emptying {
    private Emptying() {}

    /**
     * On return all clusters are given back, durably. Whoever has written the image since its data was committed would lose that, hence:
     *
     * @param committed the image as it was committed
     * @param name by which the user knows it
     * @throws ImageException of kind {@code CHANGED_UNDERNEATH} if the file is not the same any more, {@code IMAGE_IN_USE}
     */
    static void run(Workspace workspace, ImageNode committed, String name) throws IOException {
        Path path = workspace.gate().locate(committed.ref());
        try (ImageFile file = workspace.storage().open(path, OpenMode.READ_WRITE)) {
            if (file.tryLock(LockMode.WRITE).isPresent()) {
                throw new ImageException(
                        ErrorKind.IMAGE_IN_USE,
                        name,
                        "it was committed but not emptied, since it is open elsewhere",
                        "both files show the same; commit again later");
            }
            if (!file.status().facts(committed.facts().poolId()).equals(committed.facts())) {
                throw new ImageException(
                        ErrorKind.CHANGED_UNDERNEATH,
                        name,
                        "it was committed but not emptied, since somebody has written it meanwhile",
                        "commit again");
            }
            ImageEmptying.run(file, name);
        }
    }
}
