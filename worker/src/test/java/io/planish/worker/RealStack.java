package io.planish.worker;

import io.planish.chain.PoolName;
import io.planish.standalone.TemporaryStack;
import io.planish.storage.LinuxStorage;
import io.planish.storage.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Storage;
import io.planish.topic.TopicMaker;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One broker with the topics, one grid and one pool {@code gold} for all tests of this module. Beside the pool's folder stand {@code references}, which is
 * read for what something outside refers to, and a hook that refuses the run {@code refused} and writes what it is told after jobs to {@code told}.
 */
public final class RealStack implements QuarkusTestResourceLifecycleManager {
    private Optional<TemporaryStack> stack = Optional.empty();

    @Override
    public Map<String, String> start() {
        try {
            TemporaryStack started = TemporaryStack.start("planish-worker");
            stack = Optional.of(started);
            Path created = started.folder();
            Path gold = Files.createDirectory(created.resolve("gold"));
            Path references = Files.createFile(created.resolve("references"));
            Path before = Files.writeString(created.resolve("before"), "! grep -q '\"run\":\"refused\"'");
            Path after = Files.writeString(created.resolve("after"), "cat >> " + created.resolve("told"));
            Storage storage = new LinuxStorage();
            Pools.open(storage, List.of(PoolConfig.of(new PoolName("gold"), gold)), Pools.MissingMarker.CREATE);
            TopicMaker.make(
                    Map.of("bootstrap.servers", started.stack().broker().address()),
                    TopicMaker.wanted(List.of(new PoolName("gold")), List.of(), 4, Optional.empty()),
                    true);
            return started.settings(Map.ofEntries(
                    Map.entry("planish.pools.gold.path", gold.toString()),
                    Map.entry("planish.pools.gold.complete", "true"),
                    Map.entry("planish.pools.gold.references.files", references.toString()),
                    Map.entry("planish.worker.lease", "6s"),
                    Map.entry("planish.worker.lease-margin", "2s"),
                    Map.entry("planish.worker.hook-before", "sh," + before),
                    Map.entry("planish.worker.hook-after", "sh," + after),
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
