package io.planish.engine;

import io.planish.chain.FileFacts;
import io.planish.storage.PoolMarker;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** A pool's marker that is gone while jobs were begun in the pool: their intents know its id, and can be finished only under it. */
public final class LostMarker {
    private LostMarker() {}

    /**
     * Puts it back, durably, in a folder that can be written and has none; does nothing where no intent, or not all of them, name one id.
     *
     * @throws IOException if an intent cannot be read
     */
    public static void putBack(Storage storage, Path root) throws IOException {
        Set<String> ids = new HashSet<>();
        if (!storage.exists(root.resolve(IntentFiles.FOLDER))
                || PoolMarker.read(storage, root).isPresent()
                || storage.isReadOnly(root)) {
            return;
        }
        for (Intent intent : IntentFiles.all(storage, root).values()) {
            Optional.ofNullable(intent.files().get(intent.job().target()))
                    .map(FileFacts::poolId)
                    .filter(PoolMarker::isId)
                    .ifPresent(ids::add);
        }
        if (ids.size() == 1) {
            PoolMarker.init(storage, root, ids.iterator().next());
        }
    }
}
