package io.planish.coordinator.request;

import io.planish.chain.PoolName;
import io.planish.run.RunRequest;
import io.planish.topic.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Who sends requests on one topic, and what these may name.
 *
 * @param name empty: whoever may write to the common topic
 */
record Tenant(String name, String topic, Set<PoolName> pools, Optional<Set<String>> policies) {
    private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,30}");

    /** Those of the configuration, and the common topic's. */
    static List<Tenant> of(TenantsConfig config, Set<PoolName> pools) {
        List<Tenant> tenants = new ArrayList<>();
        tenants.add(new Tenant("", Topics.REQUESTS, pools, Optional.empty()));
        config.tenants().forEach((name, tenant) -> {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException("planish.tenants." + name + " is not 1 to 30 of a-z, 0-9 and -");
            }
            Set<PoolName> own = new TreeSet<>();
            tenant.pools().forEach(pool -> own.add(new PoolName(pool)));
            if (!pools.containsAll(own)) {
                throw new IllegalArgumentException(
                        "planish.tenants." + name + ".pools is " + own + ", but there are only " + pools);
            }
            tenants.add(new Tenant(
                    name,
                    tenant.topic().orElse(Topics.REQUESTS + "." + name),
                    own,
                    tenant.policies().map(Set::copyOf)));
        });
        return tenants;
    }

    /** The run of one of its requests: no two tenants' ids meet, since a name has no {@code _}. */
    String runId(String request) {
        return name.isEmpty() ? RequestBody.runId(request) : "tenant_" + name + "_" + request;
    }

    /** @throws IllegalArgumentException naming what is not this tenant's */
    void check(RunRequest request) {
        request.requireOnly(pools, name.isEmpty() ? "" : " for " + name);
        if (policies.isPresent() && !policies.get().contains(request.policy())) {
            throw new IllegalArgumentException("policy '" + request.policy() + "' is not configured for " + name
                    + "; there are " + new TreeSet<>(policies.get()));
        }
    }
}
