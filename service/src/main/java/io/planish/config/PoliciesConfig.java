package io.planish.config;

import io.planish.job.Verify;
import io.planish.plan.Direction;
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

        /** Chains of fewer files are left alone; default 0: none is for that. */
        @WithDefault("0")
        int minDepth();

        /** Which way data may move: {@code auto}, {@code commit} or {@code pull}; default auto. */
        @WithDefault("auto")
        Direction direction();

        /** Whether an image may get its own copy of what it shares, to get down to that; default false. */
        @WithDefault("false")
        boolean unshare();

        /** Globs of images whose content and name stay; {@code folder/} for all of a folder. */
        Optional<List<String>> keep();

        /** How many layers right below the leaf of each chain are kept too; default 0. */
        @WithDefault("0")
        int keepNewest();

        /** Layers that may show a time less than this before the scan are kept too; default none. */
        Optional<Duration> keepNewerThan();

        /** Layers that may show a time more than this before the scan are kept too; default none. */
        Optional<Duration> keepOlderThan();

        /** Globs of images that are never written, replaced or retired; {@code folder/} for all of a folder. */
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

        /** How much one run may write to each pool; by default no bound. */
        Optional<MemorySize> budget();

        /** The same for single pools, by their names. */
        Map<String, MemorySize> headroomOf();

        /** The same for single pools, by their names. */
        Map<String, MemorySize> budgetOf();

        /** How many jobs one run may begin at all, stopping in a pool at its first failure; by default any number. */
        Optional<Integer> canary();
    }
}
