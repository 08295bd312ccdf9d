package io.planish.config;

import io.planish.config.PoolsConfig.PoolConfig;
import io.planish.storage.Pools;
import io.planish.storage.Pools.MissingMarker;
import io.planish.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Opens the configured pools. */
public final class PoolAccess {
    private PoolAccess() {}

    /** All of them, or none: an overlay may lie in any. @throws io.planish.ImageException naming the first that is not usable */
    public static Pools open(Storage storage, PoolsConfig config, MissingMarker missing) throws IOException {
        List<io.planish.storage.PoolConfig> pools = new ArrayList<>();
        for (Map.Entry<String, PoolConfig> e : config.pools().entrySet()) {
            PoolConfig pool = e.getValue();
            pools.add(new io.planish.storage.PoolConfig(
                    new io.planish.chain.PoolName(e.getKey()),
                    pool.path(),
                    pool.hostPath(),
                    pool.complete(),
                    pool.trustedFormat(),
                    pool.id()));
        }
        return Pools.open(storage, pools, missing);
    }
}
