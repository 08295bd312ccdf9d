package io.planish.config;

import io.planish.job.Verify;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithParentName;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What runs may do, by name: {@code planish.policies.<name>.…}. There always is one named {@code default}. */
@ConfigMapping(prefix = "planish.policies")
public interface PoliciesConfig {
    @WithParentName
    Map<String, PolicyConfig> policies();

    /** One policy. */
    interface PolicyConfig {
        /** How many files a chain may have; default 2. */
        @WithDefault("2")
        int maxDepth();

        /** Whether an image may get its own copy of what it shares, to get down to that; default false. */
        @WithDefault("false")
        boolean unshare();

        /** Globs of images whose content and name stay. */
        Optional<List<String>> keep();

        /** Globs of images that are never written, replaced or retired. */
        Optional<List<String>> protect();

        /** Whether images that something outside refers to may end; default false. */
        @WithDefault("false")
        boolean dropRestorePoints();

        /** How each merge is checked: {@code full}, {@code metadata} or {@code none}; default full. */
        @WithDefault("full")
        Verify verify();

        /** How long leftovers stay in the trash; default 7 days; zero: removed at once. */
        @WithDefault("7d")
        Duration grace();

        /** What each filesystem must have left at any time; default 64 MiB. */
        @WithDefault("64M")
        MemorySize headroom();

        /** How much one run may write; by default no bound. */
        Optional<MemorySize> maxBytesToWrite();
    }
}
