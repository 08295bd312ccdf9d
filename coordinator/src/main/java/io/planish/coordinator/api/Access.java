package io.planish.coordinator.api;

import io.planish.coordinator.api.ApiConfig.Role;
import io.planish.coordinator.api.ApiConfig.TokenConfig;
import io.quarkus.runtime.StartupEvent;
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
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/**
 * Lets only those use REST who hold a token (RFC 6750), and only operators change anything. Without tokens everybody may do everything, which is refused
 * at start unless nobody but this machine reaches the port. Health and metrics are open.
 *
 * <p>Not a singleton: filters are wired before there is a configuration, and a client proxy finds it later.
 */
@ApplicationScoped
class Access {
    private static final String SCHEME = "Bearer ";
    private static final int LEAST_CHARS = 16;
    private static final Set<String> LOOKING = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

    private final Map<String, TokenConfig> tokens;
    private final Caller caller;

    Access(ApiConfig config, Caller caller) {
        this.tokens = Map.copyOf(config.tokens());
        this.caller = caller;
    }

    void requireSafe(
            @Observes StartupEvent event,
            ApiConfig config,
            @ConfigProperty(name = "quarkus.http.host-enabled", defaultValue = "true") boolean serves,
            @ConfigProperty(name = "quarkus.http.host") String host)
            throws UnknownHostException {
        tokens.forEach((name, token) -> {
            if (token.token().length() < LEAST_CHARS) {
                throw new IllegalArgumentException(
                        "planish.api.tokens." + name + ".token has fewer than " + LEAST_CHARS + " characters");
            }
        });
        if (serves
                && tokens.isEmpty()
                && !config.open()
                && !InetAddress.getByName(host).isLoopbackAddress()) {
            throw new IllegalArgumentException("quarkus.http.host is " + host
                    + ", and whoever reaches it could start merges (set planish.api.tokens.<name>.token, or planish.api.open=true"
                    + " if that is meant)");
        }
    }

    /** Empty: go on. */
    @ServerRequestFilter
    Optional<Response> check(ContainerRequestContext request) {
        if (tokens.isEmpty()) {
            return Optional.empty();
        }
        Optional<Role> role = role(request.getHeaderString(HttpHeaders.AUTHORIZATION));
        if (role.isEmpty()) {
            Response problem = Problem.response(
                    Response.Status.UNAUTHORIZED, "a bearer token that is configured as planish.api.tokens is needed");
            return Optional.of(Response.fromResponse(problem)
                    .header(HttpHeaders.WWW_AUTHENTICATE, SCHEME.strip())
                    .build());
        }
        return role.get() == Role.OPERATOR || LOOKING.contains(request.getMethod())
                ? Optional.empty()
                : Optional.of(Problem.response(
                        Response.Status.FORBIDDEN, "a viewer's token changes nothing; an operator's is needed"));
    }

    /** Takes as long for a wrong token as for a right one. */
    private Optional<Role> role(@Nullable String authorization) {
        if (authorization == null || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return Optional.empty();
        }
        byte[] given = authorization.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8);
        Optional<Role> found = Optional.empty();
        for (Map.Entry<String, TokenConfig> token : tokens.entrySet()) {
            if (MessageDigest.isEqual(token.getValue().token().getBytes(StandardCharsets.UTF_8), given)) {
                found = Optional.of(token.getValue().role());
                caller.holds(token.getKey());
            }
        }
        return found;
    }
}
