package io.planish.config;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithParentName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The storage pools: {@code planish.pools.<name>.…}. */
@ConfigMapping(prefix = "planish.pools")
public interface PoolsConfig {
    /** By name: 1 to 63 of {@code a-z}, {@code 0-9} and {@code -}. */
    @WithParentName
    Map<String, PoolConfig> pools();

    /** One pool. */
    interface PoolConfig {
        /** Its folder on this machine; without one the pool is not mounted here, and workers that mount it are asked what it holds. */
        Optional<Path> path();

        /**
         * The id its marker file must have; by default any: then a mount that is missing is noticed only by a missing marker. Required for a pool
         * without a path.
         */
        Optional<String> id();

        /** The folder under which hypervisors see it; by default the same. */
        Optional<Path> hostPath();

        /**
         * Whether all overlays of its images lie in configured pools. Only then may anything be committed; default false,
         * since a wrong true loses data.
         */
        @WithDefault("false")
        boolean complete();

        /** The format of a backing file where the overlay records none; by default such an image is left alone. */
        Optional<String> trustedFormat();

        /** Who is asked which of its images something outside refers to; by default nobody. */
        References references();

        /** What all jobs of the pool together may write per second, shared out evenly to its slots; by default no bound. */
        Optional<MemorySize> bytesPerSecond();

        /** How many of its jobs may be offered or running at once; default 4, gentle to one disk or server. */
        @WithDefault("4")
        int slots();
    }

    /**
     * Whoever cannot answer fails the scan: no answer is not «none». Coordinators ask when they plan; workers ask again before a job where they
     * are configured alike.
     */
    interface References {
        /** Folders with libvirt's XML of domains, snapshots and storage pools. */
        Optional<List<Path>> libvirt();

        /** Text files with one absolute path a line, as hypervisors see it. */
        Optional<List<Path>> files();

        /** A program and its arguments, run without a shell, that prints such lines. */
        Optional<List<String>> command();

        /** How long that program may take; default 60 s. */
        @WithDefault("60s")
        Duration timeout();
    }
}
