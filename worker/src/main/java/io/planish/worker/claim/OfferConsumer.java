package io.planish.worker.claim;

import io.planish.chain.PoolName;
import io.planish.job.Json;
import io.planish.job.Offer;
import io.planish.topic.Publisher;
import io.planish.topic.Topics;
import io.planish.worker.slot.Slots;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jboss.logging.Logger;

/**
 * Takes the offers of one pool while a slot is free, one at a time, and acknowledges each as soon as its job is claimed or turns out to
 * be no longer to be had. Merges and looks at the pool have slots of their own; while none is free for one of them it fetches nothing of that but stays in
 * its group.
 */
public final class OfferConsumer implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(OfferConsumer.class);
    private static final Duration POLL = Duration.ofMillis(250);
    private static final Duration AFTER_ERROR = Duration.ofSeconds(1);

    private final PoolName pool;
    private final Claims claims;
    private final Map<String, Slots> slots;
    private final Publisher publisher;
    private final KafkaConsumer<String, byte[]> consumer;
    private final Thread thread;
    private volatile boolean stopped;

    /**
     * Starts consuming.
     *
     * @param kafka connection settings
     * @param merges slots of jobs that merge
     * @param looks slots of jobs that are of the pool
     */
    public OfferConsumer(
            PoolName pool, Map<String, Object> kafka, Claims claims, Slots merges, Slots looks, Publisher publisher) {
        this.pool = pool;
        this.claims = claims;
        this.slots = Map.of(Topics.jobs(pool), merges, Topics.poolJobs(pool), looks);
        this.publisher = publisher;
        this.consumer =
                new KafkaConsumer<>(settings(pool, kafka), new StringDeserializer(), new ByteArrayDeserializer());
        this.thread = Thread.ofPlatform().name("offers-" + pool).daemon().start(this::consume);
    }

    private static Map<String, Object> settings(PoolName pool, Map<String, Object> kafka) {
        Map<String, Object> settings = new HashMap<>(kafka);
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, Topics.jobs(pool));
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
        settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 6000);
        settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 2000);
        settings.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, 5000);
        settings.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
        return settings;
    }

    private void consume() {
        consumer.subscribe(slots.keySet());
        while (!stopped) {
            try {
                fetchOnlyForFreeSlots();
                for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                    take(record);
                }
            } catch (WakeupException e) {
                // Stopped; the loop's condition says so.
            } catch (KafkaException e) {
                LOG.warnf("offers not read: %s pool=%s", e.getMessage(), pool);
                pause();
            } catch (RuntimeException e) {
                LOG.errorf(e, "taking an offer broke off pool=%s", pool);
                pause();
            }
        }
        consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(2)));
    }

    private void fetchOnlyForFreeSlots() {
        slots.forEach((topic, of) -> {
            List<TopicPartition> partitions = consumer.assignment().stream()
                    .filter(partition -> partition.topic().equals(topic))
                    .toList();
            if (of.free() > 0) {
                consumer.resume(partitions);
            } else {
                consumer.pause(partitions);
            }
        });
    }

    private void take(ConsumerRecord<String, byte[]> record) {
        TopicPartition partition = new TopicPartition(record.topic(), record.partition());
        Slots free = slots(record);
        if (!free.tryTake()) {
            consumer.seek(partition, record.offset());
            return;
        }
        boolean used = false;
        try {
            Optional<Claim> claim = claimed(record);
            if (claim.isPresent()) {
                free.start(claim.get());
                used = true;
            }
            acknowledge(partition, record.offset());
        } catch (IOException e) {
            LOG.warnf("offer put back: %s pool=%s", e.getMessage(), pool);
            consumer.seek(partition, record.offset());
            pause();
        } finally {
            if (!used) {
                free.giveBack();
            }
        }
    }

    private Slots slots(ConsumerRecord<String, byte[]> record) {
        return Objects.requireNonNull(slots.get(record.topic()));
    }

    private Optional<Claim> claimed(ConsumerRecord<String, byte[]> record) throws IOException {
        Offer offer;
        try {
            offer = Json.MAPPER.readValue(record.value(), Offer.class);
            if (offer.version() != Offer.VERSION || offer.run() == null || offer.job() == null) {
                throw new IOException("an offer has version " + Offer.VERSION + ", run, job and attempt");
            }
        } catch (IOException | IllegalArgumentException e) {
            publisher.bury(
                    record,
                    "no offer: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
            return Optional.empty();
        }
        return claims.claim(offer);
    }

    /** An offer that comes again because this did not succeed finds its job claimed. */
    private void acknowledge(TopicPartition partition, long offset) {
        consumer.commitAsync(Map.of(partition, new OffsetAndMetadata(offset + 1)), (offsets, failed) -> {
            if (failed != null) {
                LOG.debugf("offer not acknowledged: %s pool=%s", failed.getMessage(), pool);
            }
        });
    }

    private static void pause() {
        try {
            Thread.sleep(AFTER_ERROR);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
}
