package io.planish.coordinator.api;

import io.planish.coordinator.api.ApiConfig.Role;
import io.planish.coordinator.api.ApiConfig.TokenConfig;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.quarkus.vertx.http.runtime.security.QuarkusHttpUser;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/**
 * Lets only those use REST who hold a token (RFC 6750): one that is configured, or one that an OpenID provider has issued. Only operators change anything.
 * Without either everybody may do everything, which is refused at start unless nobody but this machine reaches the port. Health and metrics are open.
 *
 * <p>Not a singleton: filters are wired before there is a configuration, and a client proxy finds it later.
 */
@ApplicationScoped
class Access {
    private static final Logger LOG = Logger.getLogger(Access.class);
    private static final String SCHEME = "Bearer ";
    private static final int LEAST_CHARS = 16;
    private static final Set<String> LOOKING = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

    private final ApiConfig config;
    private final Map<String, TokenConfig> tokens;
    private final boolean issued;
    private final CurrentVertxRequest current;

    Access(
            ApiConfig config,
            @ConfigProperty(name = "quarkus.oidc.tenant-enabled") boolean issued,
            CurrentVertxRequest current) {
        this.config = config;
        this.tokens = Map.copyOf(config.tokens());
        this.issued = issued;
        this.current = current;
    }

    void requireSafe(
            @Observes StartupEvent event,
            @ConfigProperty(name = "quarkus.http.host-enabled", defaultValue = "true") boolean serves,
            @ConfigProperty(name = "quarkus.http.host") String host)
            throws UnknownHostException {
        tokens.forEach((name, token) -> {
            if (token.token().length() < LEAST_CHARS) {
                throw new IllegalArgumentException(
                        "planish.api.tokens." + name + ".token has fewer than " + LEAST_CHARS + " characters");
            }
        });
        if (serves && isOpen() && !config.open() && !InetAddress.getByName(host).isLoopbackAddress()) {
            throw new IllegalArgumentException("quarkus.http.host is " + host
                    + ", and whoever reaches it could start merges (set planish.api.tokens.<name>.token or quarkus.oidc.tenant-enabled,"
                    + " or planish.api.open=true if that is meant)");
        }
    }

    private boolean isOpen() {
        return tokens.isEmpty() && !issued;
    }

    /** Nothing: go on. */
    @ServerRequestFilter
    Uni<@Nullable Response> check(ContainerRequestContext request) {
        if (isOpen()) {
            return Uni.createFrom().nullItem();
        }
        RoutingContext call = current.getCurrent();
        boolean looks = LOOKING.contains(request.getMethod());
        Optional<Role> configured = configured(request.getHeaderString(HttpHeaders.AUTHORIZATION), call);
        return configured.isPresent() || !issued
                ? Uni.createFrom().item(answer(configured, looks))
                : QuarkusHttpUser.getSecurityIdentity(call, null)
                        .map(identity -> answer(issued(identity, call), looks))
                        .onFailure(AuthenticationFailedException.class)
                        .recoverWithItem(() -> answer(Optional.empty(), looks))
                        .onFailure()
                        .recoverWithItem(this::unknown);
    }

    private static @Nullable Response answer(Optional<Role> role, boolean looks) {
        if (role.isEmpty()) {
            Response problem = Problem.response(
                    Response.Status.UNAUTHORIZED,
                    "a bearer token is needed: one that is configured as planish.api.tokens, or of the OpenID provider with a role");
            return Response.fromResponse(problem)
                    .header(HttpHeaders.WWW_AUTHENTICATE, SCHEME.strip())
                    .build();
        }
        return role.get() == Role.OPERATOR || looks
                ? null
                : Problem.response(
                        Response.Status.FORBIDDEN, "a viewer's token changes nothing; an operator's is needed");
    }

    private Response unknown(Throwable failure) {
        LOG.warnf("a token cannot be checked: %s", failure.getMessage());
        return Problem.response(
                Response.Status.SERVICE_UNAVAILABLE, "the OpenID provider does not answer; try again later");
    }

    private Optional<Role> issued(@Nullable SecurityIdentity identity, RoutingContext call) {
        if (identity == null || identity.isAnonymous()) {
            return Optional.empty();
        }
        Caller.is(identity.getPrincipal().getName(), call);
        if (identity.hasRole(config.oidc().operatorRole())) {
            return Optional.of(Role.OPERATOR);
        }
        return identity.hasRole(config.oidc().viewerRole()) ? Optional.of(Role.VIEWER) : Optional.empty();
    }

    /** Takes as long for a wrong token as for a right one. */
    private Optional<Role> configured(@Nullable String authorization, RoutingContext call) {
        if (authorization == null || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return Optional.empty();
        }
        byte[] given = authorization.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8);
        Optional<Role> found = Optional.empty();
        for (Map.Entry<String, TokenConfig> token : tokens.entrySet()) {
            if (MessageDigest.isEqual(token.getValue().token().getBytes(StandardCharsets.UTF_8), given)) {
                found = Optional.of(token.getValue().role());
                Caller.is(token.getKey(), call);
            }
        }
        return found;
    }
}
