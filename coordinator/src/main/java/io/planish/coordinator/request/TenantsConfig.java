package io.planish.coordinator.request;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithParentName;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Who else may send requests, each on a topic of its own: {@code planish.tenants.<name>.…}. */
@ConfigMapping(prefix = "planish.tenants")
public interface TenantsConfig {
    /** By name: 1 to 30 of {@code a-z}, {@code 0-9} and {@code -}. */
    @WithParentName
    Map<String, TenantConfig> tenants();

    /** One tenant. */
    interface TenantConfig {
        /** Its topic; by default {@code planish.requests.<name>}. The broker's access lists say who may write to it. */
        Optional<String> topic();

        /** The pools it may name. */
        List<String> pools();

        /** The policies it may name; by default any. */
        Optional<List<String>> policies();
    }
}
