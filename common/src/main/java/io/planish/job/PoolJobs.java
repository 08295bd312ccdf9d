package io.planish.job;

import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import java.util.List;
import java.util.Optional;

/**
 * Jobs that a worker does for a pool that it mounts: looking at it, reading what its images own, emptying its trash. Their target and top are the pool's
 * marker file, which stands for the whole of it; {@link JobKind#READ} expects the images that it is to read.
 */
public final class PoolJobs {
    private static final String MARKER = ".planish-pool";

    private PoolJobs() {}

    public static Job scan(PoolName pool) {
        return job("scan-" + pool, JobKind.SCAN, pool, List.of());
    }

    /** @param images each with its file's facts, all in this pool */
    public static Job read(PoolName pool, List<Expectation> images) {
        return job("read-" + pool, JobKind.READ, pool, images);
    }

    public static Job purge(PoolName pool) {
        return job("purge-" + pool, JobKind.PURGE, pool, List.of());
    }

    private static Job job(String id, JobKind kind, PoolName pool, List<Expectation> images) {
        ImageRef marker = new ImageRef(pool, MARKER);
        return new Job(
                id,
                kind,
                marker,
                Optional.empty(),
                marker,
                List.of(),
                Optional.empty(),
                List.of(),
                List.of(),
                images,
                0,
                0);
    }
}
