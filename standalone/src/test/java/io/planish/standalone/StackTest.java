package io.planish.standalone;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.infinispan.client.hotrod.MetadataValue;
import org.infinispan.client.hotrod.RemoteCache;
import org.infinispan.client.hotrod.RemoteCacheManager;
import org.infinispan.client.hotrod.configuration.ClientIntelligence;
import org.infinispan.client.hotrod.configuration.ConfigurationBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything here runs against the real servers with their real clients. */
class StackTest {
    private static final String TOPIC = "offers";

    @TempDir
    Path folder;

    @Test
    void whatWasWrittenSurvivesKillMinusNine() throws Exception {
        try (Stack stack = Stack.start(folder)) {
            createTopic(stack);
            send(stack, "first");
            long version = put(stack, "planish-jobs", "run-1/job-1", "queued");

            long brokerPid = stack.broker().pid();
            stack.broker().kill();
            stack.grid().kill();
            assertThat(ProcessHandle.of(brokerPid)).isEmpty();
            stack.broker().restart();
            stack.grid().restart();

            send(stack, "second");
            assertThat(received(stack, 2)).containsExactly("first", "second");
            assertThat(get(stack, "planish-jobs", "run-1/job-1")).isEqualTo("queued");
            assertThat(replace(stack, "planish-jobs", "run-1/job-1", version, "running"))
                    .as("the entry's version is the one before the crash")
                    .isTrue();
            assertThat(replace(stack, "planish-jobs", "run-1/job-1", version, "stolen"))
                    .as("a compare-and-set with a version that is past")
                    .isFalse();
        }
    }

    @Test
    void closingStopsCleanlyAndAStartOnTheSameFolderFindsTheData() throws Exception {
        try (Stack stack = Stack.start(folder)) {
            createTopic(stack);
            send(stack, "kept");
            for (String cache : Grid.CACHES) {
                put(stack, cache, "key", cache);
            }
        }
        assertThat(ProcessHandle.current().children()).isEmpty();
        assertThat(folder.resolve("broker/.kafka_cleanshutdown")).exists();

        try (Stack again = Stack.start(folder)) {
            assertThat(received(again, 1)).containsExactly("kept");
            for (String cache : Grid.CACHES) {
                assertThat(get(again, cache, "key")).isEqualTo(cache);
            }
        }
    }

    @Test
    void aBusyPortIsNamedInOneLineAndNothingIsLeftRunning() throws Exception {
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> Stack.start(folder, 0, busy.getLocalPort()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("grid: 127.0.0.1:" + busy.getLocalPort() + " is in use")
                    .hasMessageNotContaining("\n");
        }
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    @Test
    void aSecondStackOnTheSameFolderIsRefused() throws Exception {
        try (Stack first = Stack.start(folder)) {
            createTopic(first);
            assertThatThrownBy(() -> Stack.start(folder))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("broker: ")
                    .hasMessageContaining(folder.resolve("broker") + " is in use")
                    .hasMessageNotContaining("\n");
            send(first, "unharmed");
            assertThat(received(first, 1)).containsExactly("unharmed");
        }
    }

    @Test
    void theServersEndWhenTheirStarterIsKilled() throws Exception {
        Process starter = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        // As in other modules: the servers' jars are not on the starter's class path.
                        String.join(File.pathSeparator, location(Stack.class), location(Starter.class)),
                        Starter.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<ProcessHandle> servers;
        try (BufferedReader out = starter.inputReader()) {
            assertThat(out.readLine()).isEqualTo("started");
            servers = starter.children().toList();
            assertThat(servers).hasSize(2).allMatch(ProcessHandle::isAlive);
        } finally {
            starter.destroyForcibly().waitFor();
        }
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(servers).noneMatch(ProcessHandle::isAlive));
        assertThat(folder.resolve("broker/.kafka_cleanshutdown")).exists();
    }

    /** A process that starts a stack and never ends by itself. */
    static final class Starter {
        public static void main(String[] args) throws Exception {
            try (Stack running = Stack.start(Path.of(args[0]))) {
                System.out.println("started");
                Thread.currentThread().join();
            }
        }
    }

    private static String location(Class<?> type) throws Exception {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI())
                .toString();
    }

    private static void createTopic(Stack stack) throws Exception {
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", stack.broker().address()))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
        }
    }

    private static void send(Stack stack, String value) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", stack.broker().address(), "acks", "all"),
                new StringSerializer(),
                new StringSerializer())) {
            producer.send(new ProducerRecord<>(TOPIC, value)).get();
        }
    }

    private static List<String> received(Stack stack, int count) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", stack.broker().address(), "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                new StringDeserializer())) {
            consumer.assign(List.of(new TopicPartition(TOPIC, 0)));
            List<String> values = new ArrayList<>();
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(r -> values.add(r.value()));
                return values.size() >= count;
            });
            return values;
        }
    }

    private static RemoteCacheManager client(Stack stack) {
        return new RemoteCacheManager(new ConfigurationBuilder()
                .addServers(stack.grid().address())
                .clientIntelligence(ClientIntelligence.BASIC)
                .build());
    }

    private static long put(Stack stack, String cacheName, String key, String value) {
        try (RemoteCacheManager client = client(stack)) {
            RemoteCache<String, byte[]> cache = client.getCache(cacheName);
            cache.put(key, value.getBytes(UTF_8));
            return cache.getWithMetadata(key).getVersion();
        }
    }

    private static String get(Stack stack, String cacheName, String key) {
        try (RemoteCacheManager client = client(stack)) {
            MetadataValue<byte[]> value =
                    client.<String, byte[]>getCache(cacheName).getWithMetadata(key);
            return value == null ? "absent" : new String(value.getValue(), UTF_8);
        }
    }

    private static boolean replace(Stack stack, String cacheName, String key, long version, String value) {
        try (RemoteCacheManager client = client(stack)) {
            return client.<String, byte[]>getCache(cacheName).replaceWithVersion(key, value.getBytes(UTF_8), version);
        }
    }
}
