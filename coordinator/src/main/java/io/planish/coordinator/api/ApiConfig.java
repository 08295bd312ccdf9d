package io.planish.coordinator.api;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.Map;

/** Who may use REST: {@code planish.api.…}. */
@ConfigMapping(prefix = "planish.api")
public interface ApiConfig {
    /** Bearer tokens, by the name of who holds them. Without any, whoever reaches the port may do everything. */
    Map<String, TokenConfig> tokens();

    /** What those may do whose tokens an OpenID provider has issued, where {@code quarkus.oidc.tenant-enabled} is true. */
    OidcConfig oidc();

    /** Without tokens: whether that is wanted on an address that is not loopback; default false: the service does not start. */
    @WithDefault("false")
    boolean open();

    /** How long a call's body may be; default 256 KiB. */
    @WithDefault("256K")
    MemorySize maxBody();

    /** One token. */
    interface TokenConfig {
        /** The secret, at least 16 characters. */
        String token();

        /** What its holder may do; default: look. */
        @WithDefault("viewer")
        Role role();
    }

    /** The roles that tokens must name, in the claim that {@code quarkus.oidc.roles.role-claim-path} says. */
    interface OidcConfig {
        /** Of who may look. */
        @WithDefault("planish-viewer")
        String viewerRole();

        /** Of who may also act. */
        @WithDefault("planish-operator")
        String operatorRole();
    }

    /** What somebody may do. */
    enum Role {
        /** Looks at everything, changes nothing. */
        VIEWER,
        /** May also plan, start and steer runs. */
        OPERATOR
    }
}
