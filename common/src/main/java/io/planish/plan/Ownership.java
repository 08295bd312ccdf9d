package io.planish.plan;

import io.planish.chain.ImageRef;
import java.io.IOException;

/** Tells what images own; asked only for images of chains that are to become shorter, and each time read anew. Thread-safe. */
public interface Ownership {
    Owned of(ImageRef image) throws IOException;
}
