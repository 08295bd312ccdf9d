package io.planish.scan;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.storage.PathGate;
import java.io.IOException;
import java.util.Optional;

/** Follows symbolic links within the pools. */
final class SymbolicLinks {
    private SymbolicLinks() {}

    /** The regular file of a pool that the link leads to; empty if it leads to none. */
    static Optional<ImageRef> target(PathGate gate, ImageRef link) throws IOException {
        try {
            return gate.refOf(gate.locate(link));
        } catch (ImageException e) {
            if (e.kind() == ErrorKind.MISSING || e.kind() == ErrorKind.OUTSIDE_ROOTS) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
