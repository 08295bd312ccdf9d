package io.planish.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class LeaseTest {
    @Test
    void anOwnerStopsAMarginBeforeAnybodyMayTakeOver() {
        Tenure tenure = new Tenure(100, 20, 0);

        assertThat(tenure.mayAct(79)).isTrue();
        assertThat(tenure.mayAct(80)).isFalse();
        tenure.renewed(50);
        assertThat(tenure.mayAct(129)).isTrue();
        tenure.lose();
        assertThat(tenure.mayAct(51)).isFalse();
    }

    @Test
    void aLeaseExpiresOnlyWhenItsHeartbeatStoodStillForTheWholeLease() {
        LeaseWatch watch = new LeaseWatch(100);

        assertThat(watch.expired("j", 1, 0, 0)).isFalse();
        assertThat(watch.expired("j", 1, 0, 99)).isFalse();
        assertThat(watch.expired("j", 1, 1, 100)).isFalse();
        assertThat(watch.expired("j", 1, 1, 199)).isFalse();
        assertThat(watch.expired("j", 1, 1, 200)).isTrue();
        assertThat(watch.expired("j", 2, 1, 201)).isFalse();
    }

    @Test
    void aWatcherThatHasForgottenALeaseWaitsTheWholeTimeAgain() {
        LeaseWatch watch = new LeaseWatch(100);
        assertThat(watch.expired("j", 1, 0, 0)).isFalse();
        watch.retain(Set.of());

        assertThat(watch.expired("j", 1, 0, 150)).isFalse();
        assertThat(watch.expired("j", 1, 0, 250)).isTrue();
    }
}
