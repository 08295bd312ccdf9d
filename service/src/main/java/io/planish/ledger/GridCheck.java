package io.planish.ledger;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.infinispan.client.hotrod.MetadataValue;
import org.infinispan.client.hotrod.RemoteCache;
import org.infinispan.client.hotrod.RemoteCacheManager;
import org.infinispan.client.hotrod.exceptions.HotRodClientException;

/**
 * Looks, by a record that is written and read back, whether the grid's caches forget by themselves. Whether they are persistent, and how many owners
 * they have, no client can see over Hot Rod.
 */
public final class GridCheck {
    private GridCheck() {}

    /**
     * Says of each cache that forgets what it forgets; empty: none does.
     *
     * @throws LedgerException if the grid does not answer, or a cache is missing
     */
    public static List<String> forgetful(RemoteCacheManager grid) throws LedgerException {
        return forgetful(grid, Ledger.CACHES);
    }

    static List<String> forgetful(RemoteCacheManager grid, List<String> names) throws LedgerException {
        List<String> faults = new ArrayList<>();
        for (String name : names) {
            try {
                RemoteCache<String, byte[]> cache = grid.getCache(name);
                if (cache == null) {
                    throw new LedgerException(
                            "the grid has no cache " + name + " (create it as docs/grid.md says)", null);
                }
                look(name, cache, faults);
            } catch (HotRodClientException | IllegalStateException e) {
                throw new LedgerException("the grid does not answer: " + e.getMessage(), e);
            }
        }
        return faults;
    }

    private static void look(String name, RemoteCache<String, byte[]> cache, List<String> faults) {
        String key = "/probe/" + UUID.randomUUID();
        cache.put(key, "probe".getBytes(StandardCharsets.UTF_8));
        MetadataValue<byte[]> there = cache.getWithMetadata(key);
        if (there == null) {
            faults.add(name + " forgets at once what is written");
            return;
        }
        cache.remove(key);
        if (there.getLifespan() >= 0) {
            faults.add(name + " forgets what was written " + there.getLifespan() + " s ago (expiration, lifespan)");
        }
        if (there.getMaxIdle() >= 0) {
            faults.add(name + " forgets what nobody used for " + there.getMaxIdle() + " s (expiration, max-idle)");
        }
    }
}
