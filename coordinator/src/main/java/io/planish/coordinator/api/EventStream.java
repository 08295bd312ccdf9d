package io.planish.coordinator.api;

import io.planish.topic.Listener;
import io.planish.topic.Topics;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.operators.multi.processors.BroadcastProcessor;
import io.smallrye.mutiny.subscription.Cancellable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What this coordinator hears on the topics of events and progress, for whoever listens to it. One that is too slow is cut off. */
public final class EventStream implements AutoCloseable {
    /** What nothing is said with, so that no proxy between takes the silence for an end. */
    static final String STILL_HERE = "";

    private static final Duration SILENCE = Duration.ofSeconds(10);
    private static final int BUFFER = 256;

    private final BroadcastProcessor<String> heard = BroadcastProcessor.create();
    private final Listener listener;
    private final Cancellable beat;

    /** @param kafka connection settings */
    public EventStream(Map<String, Object> kafka) {
        listener = new Listener(
                List.of(Topics.EVENTS, Topics.PROGRESS),
                Optional.empty(),
                kafka,
                record -> tell(new String(record.value(), StandardCharsets.UTF_8)));
        beat = Multi.createFrom()
                .ticks()
                .every(SILENCE)
                .onOverflow()
                .drop()
                .subscribe()
                .with(tick -> tell(STILL_HERE));
    }

    private synchronized void tell(String what) {
        heard.onNext(what);
    }

    Multi<String> all() {
        return heard.onOverflow().buffer(BUFFER).onFailure().recoverWithCompletion();
    }

    @Override
    public void close() {
        beat.cancel();
        listener.close();
        heard.onComplete();
    }
}
