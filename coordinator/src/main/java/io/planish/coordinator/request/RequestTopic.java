package io.planish.coordinator.request;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Scope;
import io.planish.chain.PoolName;
import io.planish.job.Json;
import io.planish.ledger.Ledger;
import io.planish.ledger.LedgerException;
import io.planish.run.Event;
import io.planish.run.Refusal;
import io.planish.run.RunRequest;
import io.planish.topic.Listener;
import io.planish.topic.Publisher;
import io.planish.topic.Topics;
import io.planish.trace.Traces;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Requests that come by topic: each leads to a run, or to a refusal on the topic of events and a place among the dead. */
public final class RequestTopic implements Listener.Handler {
    private static final int LONGEST_ID = 200;
    private static final Duration REFUSALS_KEPT = Duration.ofDays(7);

    private final Map<String, Tenant> tenants = new TreeMap<>();
    private final Runs runs;
    private final Ledger ledger;
    private final Publisher publisher;
    private final Clock clock;
    private final int mostBytes;

    /** @param mostBytes how long a record may be */
    public RequestTopic(
            TenantsConfig tenants,
            Set<PoolName> pools,
            Runs runs,
            Ledger ledger,
            Publisher publisher,
            Clock clock,
            int mostBytes) {
        Tenant.of(tenants, pools).forEach(t -> this.tenants.put(t.topic(), t));
        this.runs = runs;
        this.ledger = ledger;
        this.publisher = publisher;
        this.clock = clock;
        this.mostBytes = mostBytes;
    }

    /** The topics it takes records of. */
    public List<String> topics() {
        return List.copyOf(tenants.keySet());
    }

    @Override
    public void handle(ConsumerRecord<String, byte[]> record) throws IOException {
        Span span = Traces.below(Traces.of(record.headers()), "request " + record.topic(), SpanKind.CONSUMER)
                .startSpan();
        try (Scope here = span.makeCurrent()) {
            take(record);
        } finally {
            span.end();
        }
    }

    private void take(ConsumerRecord<String, byte[]> record) throws IOException {
        byte[] value = record.value();
        if (value == null || value.length == 0) {
            publisher.bury(record, "no request: the record is empty");
            return;
        }
        if (value.length > mostBytes) {
            publisher.bury(record, "too big: " + value.length + " bytes, at most " + mostBytes + " are taken");
            return;
        }
        Tenant tenant = Objects.requireNonNull(tenants.get(record.topic()));
        RequestBody body;
        try {
            body = Json.STRICT.readValue(value, RequestBody.class);
            if (body == null || body.id() == null) {
                throw new IllegalArgumentException("'id' is missing");
            }
        } catch (IOException | RuntimeException e) {
            publisher.bury(
                    record, "no request: " + (e instanceof JsonProcessingException j ? Json.message(j) : firstLine(e)));
            return;
        }
        String by = tenant.name().isEmpty() ? "topic " + record.topic() : "tenant " + tenant.name();
        try {
            RunRequest request = body.toRun(tenant.runId(body.id()));
            tenant.check(request);
            runs.ask(request, by);
        } catch (LedgerException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            String why = firstLine(e);
            String id = tenant.runId(body.id());
            if (id.length() <= LONGEST_ID) {
                ledger.refusals().put(id, Refusal.of(id, why, by, clock.millis()), REFUSALS_KEPT);
            }
            publisher.send(Topics.EVENTS, body.id(), Event.refused(body.id(), why, by, clock.millis()));
            publisher.bury(record, "refused: " + why);
        }
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
