package io.planish.coordinator;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import io.planish.ledger.Ledger;
import io.planish.topic.Publisher;
import io.planish.topic.Topics;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.smallrye.common.annotation.Identifier;
import jakarta.inject.Inject;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.SaslConfigs;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.infinispan.client.hotrod.RemoteCacheManager;
import org.infinispan.client.hotrod.configuration.ClientIntelligence;
import org.infinispan.client.hotrod.configuration.ConfigurationBuilder;
import org.junit.jupiter.api.Test;

/** Broker and grid over TLS, by the settings that docs/operations.md names. */
@QuarkusTest
@TestProfile(SecuredTest.Encrypted.class)
class SecuredTest {
    /** Its own broker and grid. */
    public static class Encrypted implements QuarkusTestProfile {
        @Override
        public List<TestResourceEntry> testResources() {
            return List.of(new TestResourceEntry(SecuredStack.class));
        }

        @Override
        public boolean disableGlobalTestResources() {
            return true;
        }
    }

    @Inject
    Ledger ledger;

    @Inject
    Publisher publisher;

    @ConfigProperty(name = "quarkus.infinispan-client.hosts")
    String grid;

    @ConfigProperty(name = "quarkus.infinispan-client.trust-store")
    String trust;

    @Inject
    @Identifier("default-kafka-broker")
    Map<String, Object> kafka;

    @Test
    void aRequestByTopicLeadsToARunThatEnds() throws Exception {
        await().atMost(Duration.ofSeconds(30)).until(() -> {
            publisher.send(Topics.REQUESTS, "s", Map.of("id", "secured", "pool", "empty"));
            return ledger.runs()
                    .get("request-secured")
                    .map(r -> r.state().isOver())
                    .orElse(false);
        });
        given().get("/q/health/ready").then().statusCode(200).body("status", equalTo("UP"));
    }

    @Test
    void whoHasTheWrongPasswordIsNotServed() {
        Map<String, Object> wrong = new HashMap<>(kafka);
        wrong.computeIfPresent(
                SaslConfigs.SASL_JAAS_CONFIG,
                (key, value) -> value.toString().replace("password=\"", "password=\"not "));
        try (Publisher stranger = new Publisher(wrong)) {
            assertThatThrownBy(() -> stranger.send(Topics.REQUESTS, "x", "x"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Authentication failed");
        }
        assertThat(sizeSeenBy(SecuredStack.PASSWORD)).isNotNegative();
        assertThatThrownBy(() -> sizeSeenBy("not it")).isInstanceOf(RuntimeException.class);
    }

    private int sizeSeenBy(String password) {
        ConfigurationBuilder settings = new ConfigurationBuilder()
                .addServers(grid)
                .clientIntelligence(ClientIntelligence.BASIC)
                .maxRetries(0);
        settings.security()
                .authentication()
                .enable()
                .saslMechanism("SCRAM-SHA-512")
                .username(SecuredStack.USER)
                .password(password);
        settings.security()
                .ssl()
                .enable()
                .sniHostName("localhost")
                .trustStoreFileName(trust)
                .trustStoreType("PKCS12")
                .trustStorePassword(SecuredStack.STORE_PASSWORD.toCharArray());
        try (RemoteCacheManager client = new RemoteCacheManager(settings.build())) {
            return client.getCache("planish-runs").size();
        }
    }
}
