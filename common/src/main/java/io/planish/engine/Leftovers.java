package io.planish.engine;

import io.planish.chain.FileFacts;
import io.planish.chain.ImageRef;
import io.planish.job.Job;
import io.planish.plan.Policy;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import io.planish.trash.TrashFolders;
import io.planish.trash.TrashRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Writes down what a job is about to leave over, and what that would need to be of use again. */
final class Leftovers {
    private final Storage storage;
    private final Pools pools;
    private final TrashFolders trash;

    Leftovers(Storage storage, Pools pools, TrashFolders trash) {
        this.storage = storage;
        this.pools = pools;
        this.trash = trash;
    }

    /** Durable on return. What stands below the target still shows what it showed; what stood above it is no image any more. */
    void record(Intent intent, OpenFiles files) throws IOException {
        Job job = intent.job();
        JobChain chain = JobChain.of(job);
        List<TrashRecord.Leftover> leftovers = new ArrayList<>();
        List<TrashRecord.Layer> layers = new ArrayList<>();
        for (int i = 0; i < chain.images().size(); i++) {
            ImageRef image = chain.images().get(i);
            boolean leaves =
                    job.retires().contains(image) || job.replaces().stream().anyMatch(image::equals);
            boolean below = i < chain.target();
            if (leaves && files.has(image)) {
                FileFacts facts = files.get(image).status().facts(poolId(image));
                leftovers.add(new TrashRecord.Leftover(image, facts, below));
            }
            if (below && storage.exists(path(image))) {
                layers.add(
                        new TrashRecord.Layer(image, storage.status(path(image)).facts(poolId(image))));
            }
        }
        if (!leftovers.isEmpty()) {
            trash.save(new TrashRecord(
                    TrashRecord.VERSION,
                    intent.run(),
                    job.id(),
                    Instant.now(),
                    intent.grace().orElse(Policy.DEFAULT.grace()),
                    layers,
                    leftovers));
        }
    }

    private String poolId(ImageRef image) {
        return pools.get(image.pool()).id();
    }

    private Path path(ImageRef image) {
        return pools.get(image.pool()).root().resolve(image.path());
    }
}
