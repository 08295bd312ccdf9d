package io.planish.coordinator;

import io.planish.fleet.Qemu;
import io.planish.standalone.Stack;
import io.planish.standalone.TemporaryStack;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A broker and a grid that speak TLS with a certificate of their own, and serve one user, who is known by SCRAM. */
public final class SecuredStack implements QuarkusTestResourceLifecycleManager {
    static final String STORE_PASSWORD = "store-0123456789";
    static final String USER = "planish";
    static final String PASSWORD = "pass-0123456789";

    private Optional<TemporaryStack> stack = Optional.empty();

    @Override
    public Map<String, String> start() {
        try {
            Path created = Files.createTempDirectory("planish-secured");
            Path trust = certificate(created);
            Path security = Files.writeString(
                    created.resolve("security.properties"),
                    "keyStore=" + created.resolve("server.p12") + "\nkeyStorePassword=" + STORE_PASSWORD + "\nuser="
                            + USER + "\npassword=" + PASSWORD + "\n");
            TemporaryStack started = TemporaryStack.start(created, folder -> Stack.startSecured(folder, security));
            stack = Optional.of(started);
            return started.settings(Map.ofEntries(
                    Map.entry("kafka.security.protocol", "SASL_SSL"),
                    Map.entry("kafka.sasl.mechanism", "SCRAM-SHA-512"),
                    Map.entry(
                            "kafka.sasl.jaas.config",
                            "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" + USER
                                    + "\" password=\"" + PASSWORD + "\";"),
                    Map.entry("kafka.ssl.truststore.type", "PKCS12"),
                    Map.entry("kafka.ssl.truststore.location", trust.toString()),
                    Map.entry("kafka.ssl.truststore.password", STORE_PASSWORD),
                    Map.entry("quarkus.infinispan-client.use-auth", "true"),
                    Map.entry("quarkus.infinispan-client.sasl-mechanism", "SCRAM-SHA-512"),
                    Map.entry("quarkus.infinispan-client.username", USER),
                    Map.entry("quarkus.infinispan-client.password", PASSWORD),
                    Map.entry("quarkus.infinispan-client.sni-host-name", "localhost"),
                    Map.entry("quarkus.infinispan-client.trust-store", trust.toString()),
                    Map.entry("quarkus.infinispan-client.trust-store-type", "PKCS12"),
                    Map.entry("quarkus.infinispan-client.trust-store-password", STORE_PASSWORD),
                    Map.entry(
                            "planish.pools.empty.path",
                            Files.createDirectory(created.resolve("empty")).toString())));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Makes {@code server.p12}, and gives the store in which clients find whom to trust. */
    private static Path certificate(Path folder) throws Exception {
        Path server = folder.resolve("server.p12");
        Path exported = folder.resolve("server.pem");
        Path trust = folder.resolve("trust.p12");
        keytool(
                "-genkeypair -alias planish -keyalg EC -dname CN=planish -ext SAN=ip:127.0.0.1,dns:localhost -validity 2",
                server);
        keytool("-exportcert -rfc -alias planish -file " + exported, server);
        keytool("-importcert -noprompt -alias planish -file " + exported, trust);
        return trust;
    }

    private static void keytool(String arguments, Path store) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments.split(" ")));
        command.addAll(List.of("-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", STORE_PASSWORD));
        Qemu.must(command);
    }

    @Override
    public void stop() {
        stack.ifPresent(TemporaryStack::close);
    }
}
