package io.planish.storage;

import io.planish.chain.PoolName;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A pool as somebody configured it, before anything was looked at.
 *
 * @param path its folder here; symbolic links in it are followed once, when the pool is opened
 * @param hostPath see {@link Pool}; empty: hypervisors see it under {@code path}
 * @param complete see {@link Pool}
 * @param trustedFormat see {@link Pool}
 * @param expectedId the id its marker must have; empty: any
 */
public record PoolConfig(
        PoolName name,
        Path path,
        Optional<Path> hostPath,
        boolean complete,
        Optional<String> trustedFormat,
        Optional<String> expectedId) {

    public PoolConfig {
        hostPath = hostPath.map(Path::normalize);
        if (hostPath.isPresent() && !hostPath.get().isAbsolute()) {
            throw new IllegalArgumentException(
                    "host path '" + hostPath.get() + "' of pool '" + name + "' is not absolute");
        }
    }

    /** A pool that hypervisors see under the same path, with the defaults of all else. */
    public static PoolConfig of(PoolName name, Path path) {
        return new PoolConfig(name, path, Optional.empty(), false, Optional.empty(), Optional.empty());
    }
}
