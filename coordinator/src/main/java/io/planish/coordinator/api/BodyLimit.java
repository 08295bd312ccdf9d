package io.planish.coordinator.api;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/** Refuses a call whose body says that it is too long, or that it will not say how long it is. */
@ApplicationScoped
class BodyLimit {
    private final long mostBytes;

    BodyLimit(ApiConfig config) {
        this.mostBytes = config.maxBody().asLongValue();
    }

    /** Empty: go on. */
    @ServerRequestFilter
    Optional<Response> check(ContainerRequestContext request) {
        if (request.getHeaderString("Transfer-Encoding") != null) {
            return Optional.of(Problem.response(
                    Response.Status.LENGTH_REQUIRED, "the call does not say how long its body is (Content-Length)"));
        }
        return request.getLength() > mostBytes
                ? Optional.of(Problem.response(
                        Response.Status.REQUEST_ENTITY_TOO_LARGE,
                        "the body has " + request.getLength() + " bytes, but at most " + mostBytes
                                + " are taken (planish.api.max-body)"))
                : Optional.empty();
    }
}
