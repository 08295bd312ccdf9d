package io.planish.coordinator.api;

import io.planish.run.Event;
import io.smallrye.mutiny.Multi;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;

/** Events and progress, as they are told, from now on. */
@Path("/api/v1/events")
public final class EventsResource {
    private final EventStream stream;

    EventsResource(EventStream stream) {
        this.stream = stream;
    }

    @GET
    @Operation(
            summary = "Events and progress as server-sent events, from now on",
            description = "Each is one JSON object; a comment every ten seconds says that the connection lives.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = MediaType.SERVER_SENT_EVENTS,
                            schema = @Schema(implementation = Event.class),
                            examples = @ExampleObject(name = "a job has ended", value = """
                                                    data:{"version": 1, "id": "request-vm-17/j0001/3/DONE", "type": "JOB_ENDED", "run": "request-vm-17", "job": "j0001", "image": "gold/vm-17.qcow2", "outcome": "DONE"}""")))
    @Produces(MediaType.SERVER_SENT_EVENTS)
    public Multi<OutboundSseEvent> events(@Context Sse sse) {
        return stream.all()
                .map(text -> text.equals(EventStream.STILL_HERE)
                        ? sse.newEventBuilder().comment("still here").build()
                        : sse.newEvent(text));
    }
}
