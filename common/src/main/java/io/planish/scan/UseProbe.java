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
import java.util.ArrayList;
import java.util.List;

/** Finds out who has an image open, and whether it could be written at all, without changing anything. */
final class UseProbe {
    private final Storage storage;
    private final Holders holders;

    UseProbe(Storage storage, Holders holders) {
        this.storage = storage;
        this.holders = holders;
    }

    /** @param problems who has it open, and why it could not be written at all */
    record Answer(Use use, List<Problem> problems) {}

    Answer ask(FoundFile file) throws IOException {
        try (ImageFile image = storage.open(file.path(), OpenMode.READ_WRITE)) {
            return answer(file, image, List.of());
        } catch (ImageException e) {
            return askReadOnly(file, e);
        }
    }

    private Answer askReadOnly(FoundFile file, ImageException why) throws IOException {
        Path path = file.path();
        try (ImageFile image = storage.open(path, OpenMode.READ)) {
            return answer(
                    file,
                    image,
                    List.of(new Problem(
                            SkipReason.READ_ONLY,
                            file.ref() + " cannot be opened for writing: " + why.what()
                                    + " (give this user the right to write it, or mount the pool writable)")));
        }
    }

    private Answer answer(FoundFile file, ImageFile image, List<Problem> other) throws IOException {
        Use use = use(image);
        if (use == Use.FREE) {
            return new Answer(use, other);
        }
        List<Problem> problems = new ArrayList<>(other);
        problems.add(new Problem(
                SkipReason.IN_USE,
                file.ref() + " is open elsewhere" + (use == Use.WRITTEN ? " for writing" : "") + ", by "
                        + holders.of(file).orElse("somebody who cannot be seen from here")
                        + " (shut the guest down, or plan again when it is off)"));
        return new Answer(use, problems);
    }

    private static Use use(ImageFile image) throws IOException {
        if (image.probeLock(LockMode.WRITE).isEmpty()) {
            return Use.FREE;
        }
        return image.probeLock(LockMode.READ).isEmpty() ? Use.READ : Use.WRITTEN;
    }
}
