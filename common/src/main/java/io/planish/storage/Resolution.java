package io.planish.storage;

import io.planish.chain.ImageRef;
import java.nio.file.Path;

/** Where a name leads. The sentences of the last two complete «backing file 'x' …» and say what was found. */
public sealed interface Resolution {
    /** To a file of a pool; {@code path} is where it is here, with no symbolic link in it. */
    record Inside(ImageRef ref, Path path) implements Resolution {}

    /** Into a pool, but there is no such file. */
    record Missing(String what) implements Resolution {}

    /** To what must not be opened; nothing of it was touched. */
    record Refused(String why) implements Resolution {}
}
