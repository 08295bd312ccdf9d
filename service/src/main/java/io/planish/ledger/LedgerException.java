package io.planish.ledger;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The ledger could not be reached, or holds what cannot be read; whether a change was made is not known. */
public final class LedgerException extends IOException {
    private static final long serialVersionUID = 1L;

    LedgerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
