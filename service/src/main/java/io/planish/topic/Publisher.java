package io.planish.topic;

import io.planish.job.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** Sends records as JSON. Thread-safe. No call waits longer than some seconds for a broker that is away. */
public final class Publisher implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 10_000;
    private static final int DEAD_BYTES = 64 << 10;
    private static final int HEADER_CHARS = 1000;

    private static final int MOST_UNTOLD = 1000;
    private static final int END_SECONDS = 2;

    private final KafkaProducer<String, byte[]> producer;
    private final ThreadPoolExecutor telling = new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MOST_UNTOLD),
            Thread.ofPlatform().name("telling").daemon().factory(),
            new ThreadPoolExecutor.DiscardPolicy());

    /** @param kafka connection settings, {@code bootstrap.servers} at least */
    public Publisher(Map<String, Object> kafka) {
        Map<String, Object> settings = new HashMap<>(kafka);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, PATIENCE_MILLIS / 2);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, PATIENCE_MILLIS / 2);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, PATIENCE_MILLIS);
        producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
    }

    /** Sends, and returns when the broker has it. */
    public void send(String topic, String key, Object value) throws IOException {
        await(topic, producer.send(new ProducerRecord<>(topic, key, Json.MAPPER.writeValueAsBytes(value))));
    }

    /** Sends all to one topic, in their order, and returns when the broker has them. */
    public void sendAll(String topic, List<Message> messages) throws IOException {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (Message message : messages) {
            sent.add(producer.send(
                    new ProducerRecord<>(topic, message.key(), Json.MAPPER.writeValueAsBytes(message.value()))));
        }
        for (Future<RecordMetadata> one : sent) {
            await(topic, one);
        }
    }

    /** Something to be sent as JSON. */
    public record Message(String key, Object value) {}

    /** Sends in its own time and returns at once, also while the broker is away and nothing is known of the topic; may be lost. */
    public void tell(String topic, String key, Object value) {
        telling.execute(() -> {
            try {
                var unused = producer.send(new ProducerRecord<>(topic, key, Json.MAPPER.writeValueAsBytes(value)));
            } catch (KafkaException | IOException e) {
                // Whoever listens can do without; the ledger has it.
            }
        });
    }

    /**
     * Puts a record that could not be understood where a person can look at it; returns when the broker has it. Of a long one the
     * beginning is kept: with what is added the broker might not take the whole.
     */
    public void bury(ConsumerRecord<String, byte[]> record, String reason) throws IOException {
        byte[] value = record.value();
        boolean isLong = value != null && value.length > DEAD_BYTES;
        ProducerRecord<String, byte[]> dead = new ProducerRecord<>(
                Topics.DEAD, start(record.key()), isLong ? Arrays.copyOf(value, DEAD_BYTES) : value);
        if (isLong) {
            dead.headers().add("planish-length", Integer.toString(value.length).getBytes(StandardCharsets.UTF_8));
        }
        dead.headers()
                .add(Topics.REASON, String.valueOf(start(reason)).getBytes(StandardCharsets.UTF_8))
                .add("planish-topic", record.topic().getBytes(StandardCharsets.UTF_8))
                .add("planish-partition", Integer.toString(record.partition()).getBytes(StandardCharsets.UTF_8))
                .add("planish-offset", Long.toString(record.offset()).getBytes(StandardCharsets.UTF_8));
        await(Topics.DEAD, producer.send(dead));
    }

    private static @Nullable String start(@Nullable String text) {
        return text == null || text.length() <= HEADER_CHARS ? text : text.substring(0, HEADER_CHARS) + "…";
    }

    private static void await(String topic, Future<RecordMetadata> sent) throws IOException {
        try {
            sent.get(2 * PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            throw new IOException("topic " + topic + ": the record was not taken: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("topic " + topic + ": interrupted while sending", e);
        }
    }

    /** Gives what is under way some seconds. */
    @Override
    public void close() {
        telling.shutdown();
        try {
            if (!telling.awaitTermination(END_SECONDS, TimeUnit.SECONDS)) {
                telling.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        producer.close(Duration.ofSeconds(END_SECONDS));
    }
}
