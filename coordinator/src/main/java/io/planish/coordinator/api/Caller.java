package io.planish.coordinator.api;

import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import jakarta.enterprise.context.RequestScoped;
import java.util.Optional;

/** Who makes the present call: the name that its token is configured under, or else only where it comes from. */
@RequestScoped
class Caller {
    private final CurrentVertxRequest request;
    private Optional<String> holder = Optional.empty();

    Caller(CurrentVertxRequest request) {
        this.request = request;
    }

    void holds(String token) {
        holder = Optional.of(token);
    }

    String name() {
        return holder.orElseGet(
                () -> "rest " + request.getCurrent().request().remoteAddress().hostAddress());
    }
}
