package io.planish.coordinator;

import static org.awaitility.Awaitility.await;

import io.planish.job.Json;
import io.planish.topic.Listener;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** What is sent to a topic from now on. */
final class Heard implements AutoCloseable {
    private final List<ConsumerRecord<String, byte[]>> records = new CopyOnWriteArrayList<>();
    private final Listener listener;

    Heard(Map<String, Object> kafka, String topic) {
        listener = new Listener(List.of(topic), Optional.empty(), kafka, records::add);
        await().until(listener::isListening);
    }

    List<ConsumerRecord<String, byte[]>> records() {
        return records;
    }

    <T> List<T> as(Class<T> type) {
        return records.stream()
                .map(r -> {
                    try {
                        return Json.MAPPER.readValue(r.value(), type);
                    } catch (java.io.IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                })
                .toList();
    }

    @Override
    public void close() {
        listener.close();
    }
}
