package io.planish.config;

import io.planish.config.PoolsConfig.PoolConfig;
import io.planish.platform.Program;
import io.planish.platform.References;
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

    /** All of them that are mounted here, or none: an overlay may lie in any. @throws io.planish.ImageException naming the first that is not usable */
    public static Pools open(Storage storage, PoolsConfig config, MissingMarker missing) throws IOException {
        List<io.planish.storage.PoolConfig> pools = new ArrayList<>();
        for (Map.Entry<String, PoolConfig> e : config.pools().entrySet()) {
            PoolConfig pool = e.getValue();
            if (pool.path().isEmpty()) {
                continue;
            }
            pools.add(new io.planish.storage.PoolConfig(
                    new io.planish.chain.PoolName(e.getKey()),
                    pool.path().get(),
                    pool.hostPath(),
                    pool.complete(),
                    pool.trustedFormat(),
                    pool.id()));
        }
        return Pools.open(storage, pools, missing);
    }

    /** Who is asked, for any of the pools, which images something outside refers to. */
    public static References references(PoolsConfig config) {
        References all = References.NONE;
        for (PoolConfig pool : config.pools().values()) {
            PoolsConfig.References of = pool.references();
            all = all.and(new References(
                    of.libvirt().orElse(List.of()),
                    of.files().orElse(List.of()),
                    of.command().stream()
                            .map(argv -> new Program(argv, of.timeout()))
                            .toList()));
        }
        return all;
    }
}
