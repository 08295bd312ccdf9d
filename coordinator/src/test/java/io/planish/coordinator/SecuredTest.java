package io.planish.coordinator;

import static io.restassured.RestAssured.given;
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
import org.infinispan.client.hotrod.RemoteCacheManager;
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

    @Inject
    RemoteCacheManager grid;

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
                SaslConfigs.SASL_JAAS_CONFIG, (key, value) -> value.toString().replace("password=\"", "password=\"not "));
        try (Publisher stranger = new Publisher(wrong)) {
            assertThatThrownBy(() -> stranger.send(Topics.REQUESTS, "x", "x"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Authentication failed");
        }
        ConfigurationBuilder settings = new ConfigurationBuilder();
        settings.read(grid.getConfiguration());
        settings.maxRetries(0).security().authentication().password("not it");
        assertThatThrownBy(() -> {
                    try (RemoteCacheManager stranger = new RemoteCacheManager(settings.build())) {
                        stranger.getCache("planish-runs").size();
                    }
                })
                .isInstanceOf(RuntimeException.class);
    }
}
