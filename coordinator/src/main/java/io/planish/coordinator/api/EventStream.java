package io.planish.coordinator.api;

import io.planish.topic.Listener;
import io.planish.topic.Topics;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.operators.multi.processors.BroadcastProcessor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What this coordinator hears on the topics of events and progress, for whoever listens to it. One that is too slow is cut off. */
public final class EventStream implements AutoCloseable {
    private static final int BUFFER = 256;

    private final BroadcastProcessor<String> heard = BroadcastProcessor.create();
    private final Listener listener;

    /** @param kafka connection settings */
    public EventStream(Map<String, Object> kafka) {
        listener = new Listener(
                List.of(Topics.EVENTS, Topics.PROGRESS),
                Optional.empty(),
                kafka,
                record -> heard.onNext(new String(record.value(), StandardCharsets.UTF_8)));
    }

    Multi<String> all() {
        return heard.onOverflow().buffer(BUFFER).onFailure().recoverWithCompletion();
    }

    @Override
    public void close() {
        listener.close();
        heard.onComplete();
    }
}
