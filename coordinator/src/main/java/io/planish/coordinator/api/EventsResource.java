package io.planish.coordinator.api;

import io.smallrye.mutiny.Multi;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;

/** Events and progress, as they are told, from now on. */
@Path("/api/v1/events")
public final class EventsResource {
    private final EventStream stream;

    EventsResource(EventStream stream) {
        this.stream = stream;
    }

    @GET
    @Produces(MediaType.SERVER_SENT_EVENTS)
    public Multi<String> events() {
        return stream.all();
    }
}
