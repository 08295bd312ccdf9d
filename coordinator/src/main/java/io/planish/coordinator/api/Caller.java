package io.planish.coordinator.api;

import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.RequestScoped;
import org.jspecify.annotations.Nullable;

/** Who makes the present call: the name that its token is configured under or issued to, or else only where it comes from. */
@RequestScoped
class Caller {
    private static final String KEY = "planish.caller";

    private final CurrentVertxRequest request;

    Caller(CurrentVertxRequest request) {
        this.request = request;
    }

    /** The call is made by somebody who has shown a token. */
    static void is(String name, RoutingContext call) {
        call.put(KEY, name);
    }

    String name() {
        @Nullable String holder = request.getCurrent().get(KEY);
        return holder != null
                ? holder
                : "rest " + request.getCurrent().request().remoteAddress().hostAddress();
    }
}
