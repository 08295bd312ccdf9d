package io.planish.trace;

import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Spans of this program, and where they belong. A trace goes on in other processes: its place in it, in the form of a W3C {@code
 * traceparent}, comes with a request and stands in the run's record, from which whoever works for the run takes it. Costs nothing while no
 * tracing is configured. Thread-safe.
 */
public final class Traces {
    private static final String PLACE = "traceparent";
    private static final String INSTRUMENTATION = "io.planish";

    private static final TextMapGetter<String> ONE_PLACE = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(String place) {
            return List.of(PLACE);
        }

        @Override
        public @Nullable String get(@Nullable String place, String key) {
            return key.equals(PLACE) ? place : null;
        }
    };

    private Traces() {}

    /** Where the calling thread is in a trace; empty where it is in none. */
    public static Optional<String> here() {
        Map<String, String> headers = new HashMap<>();
        W3CTraceContextPropagator.getInstance().inject(Context.current(), headers, (map, name, value) -> {
            if (map != null) {
                map.put(name, value);
            }
        });
        return Optional.ofNullable(headers.get(PLACE));
    }

    /** Where a record's sender was; empty where it does not say, or not so that it can be understood. */
    public static Optional<String> of(Headers headers) {
        Header header = headers.lastHeader(PLACE);
        return header == null || header.value() == null
                ? Optional.empty()
                : Optional.of(new String(header.value(), StandardCharsets.US_ASCII));
    }

    /** A span that is not begun yet, below a place in a trace; with none, a trace of its own begins. */
    public static SpanBuilder below(Optional<String> place, String name, SpanKind kind) {
        Context parent = W3CTraceContextPropagator.getInstance().extract(Context.root(), place.orElse(null), ONE_PLACE);
        return GlobalOpenTelemetry.getTracer(INSTRUMENTATION)
                .spanBuilder(name)
                .setParent(parent)
                .setSpanKind(kind);
    }

    /** A span inside another. */
    public static Span inside(Span outer, String name) {
        return GlobalOpenTelemetry.getTracer(INSTRUMENTATION)
                .spanBuilder(name)
                .setParent(Context.root().with(outer))
                .startSpan();
    }
}
