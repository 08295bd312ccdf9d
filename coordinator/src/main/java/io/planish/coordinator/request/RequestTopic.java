package io.planish.coordinator.request;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.planish.job.Json;
import io.planish.ledger.LedgerException;
import io.planish.run.Event;
import io.planish.topic.Listener;
import io.planish.topic.Publisher;
import io.planish.topic.Topics;
import java.io.IOException;
import java.time.Clock;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Requests that come by topic: each leads to a run, or to a refusal on the topic of events and a place among the dead. */
public final class RequestTopic implements Listener.Handler {
    private final Runs runs;
    private final Publisher publisher;
    private final Clock clock;

    public RequestTopic(Runs runs, Publisher publisher, Clock clock) {
        this.runs = runs;
        this.publisher = publisher;
        this.clock = clock;
    }

    @Override
    public void handle(ConsumerRecord<String, byte[]> record) throws IOException {
        RequestBody body;
        try {
            body = Json.STRICT.readValue(record.value(), RequestBody.class);
            if (body == null || body.id() == null) {
                throw new IllegalArgumentException("'id' is missing");
            }
        } catch (IOException | IllegalArgumentException e) {
            publisher.bury(
                    record, "no request: " + (e instanceof JsonProcessingException j ? Json.message(j) : firstLine(e)));
            return;
        }
        try {
            runs.ask(body.toRun(body.id()));
        } catch (LedgerException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            publisher.send(Topics.EVENTS, body.id(), Event.refused(body.id(), firstLine(e), clock.millis()));
            publisher.bury(record, "refused: " + firstLine(e));
        }
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
