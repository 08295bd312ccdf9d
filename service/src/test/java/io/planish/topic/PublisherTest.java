package io.planish.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PublisherTest {
    @Test
    void whoOnlyTellsDoesNotWaitForABrokerThatIsAway() {
        try (Publisher publisher = new Publisher(Map.of("bootstrap.servers", "127.0.0.1:1"))) {
            long begun = System.nanoTime();
            for (int i = 0; i < 3000; i++) {
                publisher.tell(Topics.PROGRESS, "key", Map.of("number", i));
            }
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(4));
            assertThatThrownBy(() -> publisher.send(Topics.EVENTS, "key", "value"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("was not taken");
        }
    }
}
