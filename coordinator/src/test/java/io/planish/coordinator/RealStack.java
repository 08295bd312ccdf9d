package io.planish.coordinator;

import io.planish.standalone.Stack;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** One broker and one grid for all tests of this module, a pool {@code gold} for tests to fill and a pool {@code empty}; what is referred to stands in {@code references}, beside them. */
public final class RealStack implements QuarkusTestResourceLifecycleManager {
    private Optional<Stack> stack = Optional.empty();
    private Optional<Path> folder = Optional.empty();

    @Override
    public Map<String, String> start() {
        try {
            Path created = Files.createTempDirectory("planish-coordinator");
            folder = Optional.of(created);
            Path gold = Files.createDirectory(created.resolve("gold"));
            Stack started = Stack.start(created.resolve("stack"));
            stack = Optional.of(started);
            return Map.ofEntries(
                    Map.entry("kafka.bootstrap.servers", started.broker().address()),
                    Map.entry("quarkus.infinispan-client.hosts", started.grid().address()),
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
                    Map.entry("planish.policies.careful.canary", "1"),
                    Map.entry("planish.tenants.acme.pools", "empty"),
                    Map.entry("planish.schedules.yearly.cron", "0 0 1 1 *"),
                    Map.entry("planish.schedules.yearly.pools", "empty"),
                    Map.entry("planish.worker.lease", "3s"),
                    Map.entry("test.pool", gold.toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void stop() {
        stack.ifPresent(Stack::close);
        try (Stream<Path> files = Files.walk(folder.orElseThrow())) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
