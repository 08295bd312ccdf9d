package io.planish.coordinator;

import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready when the grid was looked at, the topics are there and the pools have their markers. */
@Readiness
final class HasBegun implements HealthCheck {
    private final Coordinator coordinator;

    HasBegun(Coordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("start").status(coordinator.hasBegun()).build();
    }
}
