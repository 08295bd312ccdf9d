package io.planish.trash;

import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.storage.ImageFile;
import io.planish.storage.ImageFile.LockMode;
import io.planish.storage.Storage;
import io.planish.storage.Storage.OpenMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Images locked for reading while what needs them comes back, so that no job changes what they show. */
final class LockedLayers implements AutoCloseable {
    private final Storage storage;
    private final Function<ImageRef, Path> place;
    private final Map<ImageRef, ImageFile> files = new HashMap<>();

    LockedLayers(Storage storage, Function<ImageRef, Path> place) {
        this.storage = storage;
        this.place = place;
    }

    /** Locks these too; returns why not, if one cannot be. */
    Optional<String> add(List<TrashRecord.Layer> layers) throws IOException {
        for (TrashRecord.Layer layer : layers) {
            if (!files.containsKey(layer.image()) && !lock(layer)) {
                return Optional.of("it needs " + layer.image() + ", which is being written");
            }
        }
        return Optional.empty();
    }

    private boolean lock(TrashRecord.Layer layer) throws IOException {
        ImageFile file;
        try {
            file = storage.open(place.apply(layer.image()), OpenMode.READ);
        } catch (ImageException e) {
            return false;
        }
        if (file.tryLock(LockMode.READ).isPresent() || !TrashRecord.isUnchanged(file.status(), layer.facts())) {
            file.close();
            return false;
        }
        files.put(layer.image(), file);
        return true;
    }

    @Override
    public void close() throws IOException {
        for (ImageFile file : files.values()) {
            file.close();
        }
    }
}
