package io.planish.scan;

import io.planish.chain.FileFacts;
import org.jspecify.annotations.Nullable;

/** What is remembered of the beginnings of files. Any of it may be forgotten at any time. Thread-safe. */
interface HeadMemory {
    /** What a file with exactly these facts began with. */
    @Nullable
    FileHead find(FileFacts facts);

    /** To be told only of what cannot have changed without its facts telling. */
    void put(FileFacts facts, FileHead head);
}
