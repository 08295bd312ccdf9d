package io.planish.scan;

import io.planish.ImageException;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import io.planish.job.SkipReason;
import io.planish.storage.ImageFile;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.Storage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Finds out who has an image open, and whether it could be written at all, without changing anything. */
final class UseProbe {
    private final Storage storage;

    UseProbe(Storage storage) {
        this.storage = storage;
    }

    /** @param problem why it could not be written or looked at */
    record Answer(Use use, Optional<Problem> problem) {}

    Answer ask(FoundFile file) throws IOException {
        try (ImageFile image = storage.open(file.path(), OpenMode.READ_WRITE)) {
            return new Answer(use(image), Optional.empty());
        } catch (ImageException e) {
            return askReadOnly(file, e);
        }
    }

    private Answer askReadOnly(FoundFile file, ImageException why) throws IOException {
        Path path = file.path();
        try (ImageFile image = storage.open(path, OpenMode.READ)) {
            return new Answer(
                    use(image),
                    Optional.of(new Problem(
                            SkipReason.READ_ONLY, file.ref() + " cannot be opened for writing: " + why.what())));
        }
    }

    private static Use use(ImageFile image) throws IOException {
        if (image.probeLock(LockMode.WRITE).isEmpty()) {
            return Use.FREE;
        }
        return image.probeLock(LockMode.READ).isEmpty() ? Use.READ : Use.WRITTEN;
    }
}
