package io.planish.standalone;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.common.MetadataVersion;
import org.jspecify.annotations.Nullable;

/** One Kafka broker that is its own controller (KRaft). Topics are made by clients that ask for them, never by use. */
final class Broker implements Child.Server {
    private static final int NODE = 1;
    private static final String CONTROLLER = "CONTROLLER";

    private @Nullable KafkaRaftServer server;

    /** Prints some 1,500 lines of settings at each start. Held here since loggers are only weakly reachable. */
    private static final Logger SETTINGS_LOG = Logger.getLogger("org.apache.kafka.common.config.AbstractConfig");

    public static void main(String[] args) {
        SETTINGS_LOG.setLevel(Level.WARNING);
        Child.run(new Broker(), args);
    }

    @Override
    public void start(Path folder, int port, Optional<Security> security) throws Exception {
        if (!Files.exists(folder.resolve("meta.properties"))) {
            format(folder, security);
        }
        Properties properties = new Properties();
        // Only this process speaks to the controller listener, so its port may differ from start to start.
        int controllerPort = Loopback.freePort();
        properties.putAll(settings(folder, port, controllerPort));
        if (security.isPresent()) {
            properties.putAll(secured(security.get(), port, Loopback.freePort(), controllerPort));
        }
        KafkaRaftServer started = new KafkaRaftServer(KafkaConfig.fromProps(properties), Time.SYSTEM);
        server = started;
        started.startup();
    }

    @Override
    public void stop() {
        KafkaRaftServer running = server;
        if (running != null) {
            running.shutdown();
            running.awaitShutdown();
        }
    }

    private static void format(Path folder, Optional<Security> security) throws Exception {
        Formatter formatter = new Formatter();
        security.ifPresent(s -> formatter.setScramArguments(
                List.of(Security.SCRAM + "=[name=" + s.user() + ",password=" + s.password() + "]")));
        formatter
                .setPrintStream(System.err)
                .setClusterId(Uuid.randomUuid().toString())
                .setNodeId(NODE)
                .setControllerListenerName(CONTROLLER)
                .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
                .setReleaseVersion(MetadataVersion.latestProduction())
                .setMetadataLogDirectory(folder.toString())
                .addDirectory(folder.toString())
                .run();
    }

    private static Map<String, String> settings(Path folder, int port, int controllerPort) {
        return Map.ofEntries(
                Map.entry("process.roles", "broker,controller"),
                Map.entry("node.id", Integer.toString(NODE)),
                Map.entry("controller.quorum.voters", NODE + "@127.0.0.1:" + controllerPort),
                Map.entry("controller.listener.names", CONTROLLER),
                Map.entry(
                        "listeners",
                        "PLAINTEXT://127.0.0.1:" + port + "," + CONTROLLER + "://127.0.0.1:" + controllerPort),
                Map.entry("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port),
                Map.entry("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT," + CONTROLLER + ":PLAINTEXT"),
                Map.entry("log.dirs", folder.toString()),
                Map.entry("auto.create.topics.enable", "false"),
                Map.entry("default.replication.factor", "1"),
                Map.entry("min.insync.replicas", "1"),
                Map.entry("offsets.topic.replication.factor", "1"),
                Map.entry("offsets.topic.num.partitions", "4"),
                Map.entry("transaction.state.log.replication.factor", "1"),
                Map.entry("transaction.state.log.min.isr", "1"),
                Map.entry("transaction.state.log.num.partitions", "4"),
                Map.entry("share.coordinator.state.topic.replication.factor", "1"),
                Map.entry("share.coordinator.state.topic.min.isr", "1"),
                Map.entry("group.initial.rebalance.delay.ms", "0"),
                // One that was killed is let in again when the session of the one before is over.
                Map.entry("broker.session.timeout.ms", "3000"),
                Map.entry("broker.heartbeat.interval.ms", "500"),
                // The default of 128 MiB would be half of this process' heap.
                Map.entry("log.cleaner.dedupe.buffer.size", Integer.toString(8 << 20)));
    }

    /** Clients are asked who they are; the broker speaks to itself on a port of its own. */
    private static Map<String, String> secured(Security security, int port, int ownPort, int controllerPort) {
        String internal = "INTERNAL://127.0.0.1:" + ownPort;
        String clients = "CLIENTS://127.0.0.1:" + port;
        return Map.ofEntries(
                Map.entry("listeners", clients + "," + internal + "," + CONTROLLER + "://127.0.0.1:" + controllerPort),
                Map.entry("advertised.listeners", clients + "," + internal),
                Map.entry("inter.broker.listener.name", "INTERNAL"),
                Map.entry(
                        "listener.security.protocol.map",
                        "CLIENTS:SASL_SSL,INTERNAL:PLAINTEXT," + CONTROLLER + ":PLAINTEXT"),
                Map.entry("sasl.enabled.mechanisms", Security.SCRAM),
                Map.entry(
                        "listener.name.clients.scram-sha-512.sasl.jaas.config",
                        "org.apache.kafka.common.security.scram.ScramLoginModule required;"),
                Map.entry("ssl.keystore.type", Security.STORE_TYPE),
                Map.entry("ssl.keystore.location", security.keyStore().toString()),
                Map.entry("ssl.keystore.password", security.keyStorePassword()),
                Map.entry("ssl.key.password", security.keyStorePassword()));
    }
}
