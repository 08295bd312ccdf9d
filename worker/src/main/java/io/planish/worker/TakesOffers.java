package io.planish.worker;

import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready when all pools are usable and offers are taken. */
@Readiness
final class TakesOffers implements HealthCheck {
    private final Worker worker;

    TakesOffers(Worker worker) {
        this.worker = worker;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("pools").status(worker.isTaking()).build();
    }
}
