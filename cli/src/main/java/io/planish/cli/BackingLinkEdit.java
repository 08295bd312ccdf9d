package io.planish.cli;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.image.HeaderFile;
import io.planish.qcow2.Backing;
import io.planish.qcow2.Header;
import io.planish.qcow2.HeaderEdit;
import io.planish.qcow2.Marks;
import io.planish.storage.ImageFile;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.Storage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.util.Optional;

/** Changes what a header says of the backing file, and nothing else. */
final class BackingLinkEdit {
    private BackingLinkEdit() {}

    /** On return the link is durable. The new backing file is not looked at. */
    static void run(Storage storage, LocalChain.Link image, Optional<Backing> wanted) throws IOException {
        try (ImageFile file = storage.open(image.path(), OpenMode.READ_WRITE)) {
            if (file.tryLock(LockMode.WRITE).isPresent()) {
                throw new ImageException(
                        ErrorKind.IMAGE_IN_USE, image.name(), "it is open elsewhere", "wait until it is closed");
            }
            Header header = HeaderFile.read(file);
            if (header.backing().equals(wanted)) {
                return;
            }
            header.requireSupported();
            if (Marks.isHalfMerged(header)) {
                throw new ImageException(
                        ErrorKind.UNSAFE,
                        image.name(),
                        "it takes part in a commit that is not finished",
                        "run that commit again first");
            }
            HeaderFile.edit(file, edit -> link(edit, wanted));
        } catch (ImageException e) {
            throw e.at(image.name());
        }
    }

    private static HeaderEdit link(HeaderEdit edit, Optional<Backing> wanted) {
        return wanted.isPresent() ? edit.backing(wanted.get()) : edit.noBacking();
    }
}
