package io.planish.scan;

import io.planish.chain.FileFacts;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Lasts as long as the process, which has read itself all that is in it. */
final class ProcessMemory implements HeadMemory {
    private static final int MAX_REMEMBERED = 1_000_000;

    private final Map<FileFacts, FileHead> heads = new ConcurrentHashMap<>();

    @Override
    public @Nullable FileHead find(FileFacts facts) {
        return heads.get(facts);
    }

    @Override
    public void put(FileFacts facts, FileHead head) {
        if (heads.size() >= MAX_REMEMBERED) {
            heads.clear();
        }
        heads.put(facts, head);
    }
}
