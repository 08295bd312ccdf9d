package io.planish.topic;

import io.smallrye.common.annotation.Identifier;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready while the broker answers within seconds: one that hangs must not make those hang who ask for health. */
@Readiness
@Singleton
public final class BrokerAnswers implements HealthCheck {
    private static final int PATIENCE_MILLIS = 2000;

    private final Admin admin;

    /** @param kafka connection settings */
    public BrokerAnswers(@Identifier("default-kafka-broker") Map<String, Object> kafka) {
        Map<String, Object> settings = new HashMap<>(kafka);
        settings.keySet().retainAll(AdminClientConfig.configNames());
        this.admin = Admin.create(settings);
    }

    @Override
    public HealthCheckResponse call() {
        var response = HealthCheckResponse.named("broker");
        try {
            String nodes =
                    admin
                            .describeCluster(new DescribeClusterOptions().timeoutMs(PATIENCE_MILLIS))
                            .nodes()
                            .get()
                            .stream()
                            .map(node -> node.host() + ":" + node.port())
                            .collect(Collectors.joining(","));
            return response.up().withData("nodes", nodes).build();
        } catch (ExecutionException e) {
            return response.down()
                    .withData("reason", String.valueOf(e.getMessage()))
                    .build();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return response.down().withData("reason", "interrupted").build();
        }
    }

    @PreDestroy
    void close() {
        admin.close(Duration.ZERO);
    }
}
