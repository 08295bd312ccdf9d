package io.planish.coordinator.api;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/** Refuses a call whose body says that it is too long. One that does not say is cut off by {@code quarkus.http.limits.max-body-size}. */
@ApplicationScoped
class BodyLimit {
    private final long mostBytes;

    BodyLimit(ApiConfig config) {
        this.mostBytes = config.maxBody().asLongValue();
    }

    /** Empty: go on. */
    @ServerRequestFilter
    Optional<Response> check(ContainerRequestContext request) {
        return request.getLength() > mostBytes
                ? Optional.of(Problem.response(
                        Response.Status.REQUEST_ENTITY_TOO_LARGE,
                        "the body has " + request.getLength() + " bytes, but at most " + mostBytes
                                + " are taken (planish.api.max-body)"))
                : Optional.empty();
    }
}
