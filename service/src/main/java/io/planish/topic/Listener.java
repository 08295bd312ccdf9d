package io.planish.topic;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jboss.logging.Logger;

/**
 * Gives the records of some topics to a handler, on a thread of its own, until closed. A record that the handler fails on is given
 * again after a second.
 */
public final class Listener implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Listener.class);
    private static final Duration POLL = Duration.ofMillis(250);

    private final List<String> topics;
    private final Optional<String> group;
    private final Handler handler;
    private final KafkaConsumer<String, byte[]> consumer;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile boolean listening;

    /**
     * @param kafka connection settings
     * @param group whose members share the records, each given at least once; empty: all records from now on
     */
    public Listener(List<String> topics, Optional<String> group, Map<String, Object> kafka, Handler handler) {
        this.topics = List.copyOf(topics);
        this.group = group;
        this.handler = handler;
        Map<String, Object> settings = new HashMap<>(kafka);
        settings.remove(ConsumerConfig.GROUP_ID_CONFIG);
        group.ifPresent(g -> settings.put(ConsumerConfig.GROUP_ID_CONFIG, g));
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, group.isPresent() ? "earliest" : "latest");
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        this.consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
        this.thread = Thread.ofPlatform()
                .name("listener-" + topics.getFirst())
                .daemon()
                .start(this::listen);
    }

    private void listen() {
        boolean begun = false;
        while (!stopped) {
            try {
                if (!begun) {
                    begin();
                    begun = true;
                }
                listening |= group.isEmpty();
                handle(consumer.poll(POLL));
            } catch (WakeupException e) {
                // Stopped; the loop's condition says so.
            } catch (KafkaException | IOException e) {
                LOG.warnf("not heard: %s topics=%s", e.getMessage(), topics);
                pause();
            } catch (RuntimeException e) {
                LOG.errorf(e, "hearing broke off topics=%s", topics);
                pause();
            }
        }
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(2)));
    }

    /** @throws IOException if a topic is not there yet: on a new broker whoever listens may come before whoever makes them */
    private void begin() throws IOException {
        if (group.isPresent()) {
            consumer.subscribe(topics);
            return;
        }
        List<TopicPartition> all = new ArrayList<>();
        for (String topic : topics) {
            List<PartitionInfo> partitions = consumer.partitionsFor(topic);
            if (partitions == null || partitions.isEmpty()) {
                throw new IOException("topic " + topic + " is not there yet");
            }
            partitions.forEach(p -> all.add(new TopicPartition(p.topic(), p.partition())));
        }
        consumer.assign(all);
        consumer.seekToEnd(all);
        all.forEach(consumer::position);
    }

    private void handle(ConsumerRecords<String, byte[]> records) throws IOException {
        try {
            for (ConsumerRecord<String, byte[]> record : records) {
                handler.handle(record);
            }
        } catch (IOException e) {
            for (TopicPartition partition : records.partitions()) {
                consumer.seek(partition, records.records(partition).getFirst().offset());
            }
            throw e;
        }
        if (group.isPresent() && !records.isEmpty()) {
            consumer.commitSync();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(Duration.ofSeconds(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether all records from now on are given to the handler; without a group only. */
    public boolean isListening() {
        return listening;
    }

    @Override
    public void close() {
        stopped = true;
        consumer.wakeup();
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Takes a record; may see the same one twice. */
    public interface Handler {
        /** @throws IOException if it cannot be taken now; it is given again */
        void handle(ConsumerRecord<String, byte[]> record) throws IOException;
    }
}
