package io.planish.coordinator;

import io.planish.standalone.TemporaryStack;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** One broker and one grid for all tests of this module, a pool {@code gold} for tests to fill and a pool {@code empty}; what is referred to stands in {@code references}, beside them. */
public final class RealStack implements QuarkusTestResourceLifecycleManager {
    private Optional<TemporaryStack> stack = Optional.empty();

    @Override
    public Map<String, String> start() {
        try {
            TemporaryStack started = TemporaryStack.start("planish-coordinator");
            stack = Optional.of(started);
            Path created = started.folder();
            Path gold = Files.createDirectory(created.resolve("gold"));
            return started.settings(Map.ofEntries(
                    Map.entry("planish.pools.gold.path", gold.toString()),
                    Map.entry("planish.pools.gold.slots", "100"),
                    Map.entry(
                            "planish.pools.silver.path",
                            Files.createDirectory(created.resolve("silver")).toString()),
                    Map.entry(
                            "planish.pools.bronze.path",
                            Files.createDirectory(created.resolve("bronze")).toString()),
                    Map.entry("planish.pools.bronze.complete", "true"),
                    Map.entry(
                            "planish.pools.bronze.references.files",
                            Files.createFile(created.resolve("references")).toString()),
                    Map.entry(
                            "planish.pools.empty.path",
                            Files.createDirectory(created.resolve("empty")).toString()),
                    Map.entry("planish.coordinator.offer-again", "1s"),
                    Map.entry("planish.policies.untouched.protect", "**"),
                    Map.entry("planish.policies.down.direction", "commit"),
                    Map.entry("planish.policies.careful.canary", "1"),
                    Map.entry("planish.tenants.acme.pools", "empty"),
                    Map.entry("planish.schedules.yearly.cron", "0 0 1 1 *"),
                    Map.entry("planish.schedules.yearly.pools", "empty"),
                    Map.entry("planish.worker.lease", "3s"),
                    Map.entry("test.pool", gold.toString())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void stop() {
        stack.ifPresent(TemporaryStack::close);
    }
}
