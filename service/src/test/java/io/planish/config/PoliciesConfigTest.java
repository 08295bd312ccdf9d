package io.planish.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.planish.chain.PoolName;
import io.planish.plan.Direction;
import io.planish.plan.Policy;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PoliciesConfigTest {
    private static final Set<PoolName> POOLS = Set.of(new PoolName("fast-1"), new PoolName("slow"));

    @Test
    void everyKeyIsRead() {
        Policy policy = policy(Map.ofEntries(
                Map.entry("max-depth", "4"),
                Map.entry("min-depth", "10"),
                Map.entry("direction", "pull"),
                Map.entry("keep", "*.snap,monthly/"),
                Map.entry("keep-newest", "2"),
                Map.entry("keep-newer-than", "36h"),
                Map.entry("keep-older-than", "365d"),
                Map.entry("protect", "gold/"),
                Map.entry("grace", "3d"),
                Map.entry("headroom", "10G"),
                Map.entry("budget", "500M"),
                Map.entry("canary", "3")));

        assertThat(policy)
                .isEqualTo(Policy.DEFAULT
                        .change()
                        .maxDepth(4)
                        .minDepth(10)
                        .direction(Direction.PULL)
                        .keep(List.of("*.snap", "monthly/"))
                        .keepNewest(2)
                        .keepNewerThan(Optional.of(Duration.ofHours(36)))
                        .keepOlderThan(Optional.of(Duration.ofDays(365)))
                        .protect(List.of("gold/"))
                        .grace(Duration.ofDays(3))
                        .headroomBytes(10L << 30)
                        .budgetBytes(500L << 20)
                        .canary(Optional.of(3))
                        .build());
    }

    @Test
    void aPolicyThatSaysNothingIsTheDefaultOne() {
        assertThat(policy(Map.of("max-depth", "2"))).isEqualTo(Policy.DEFAULT);
    }

    @Test
    void anUnknownKeyIsNamed() {
        assertThatThrownBy(() -> policy(Map.of("protekt", "gold/")))
                .hasStackTraceContaining("planish.policies.nightly.protekt");
    }

    @Test
    void singlePoolsHaveTheirOwnBudgetAndHeadroom() {
        Policy policy = policy(Map.of("budget", "1G", "budget-of.fast-1", "2G", "headroom-of.slow", "5M"));

        assertThat(policy.budgetBytes(new PoolName("fast-1"))).isEqualTo(2L << 30);
        assertThat(policy.budgetBytes(new PoolName("slow"))).isEqualTo(1L << 30);
        assertThat(policy.headroomBytes(new PoolName("slow"))).isEqualTo(5L << 20);
        assertThat(policy.headroomBytes(new PoolName("fast-1"))).isEqualTo(64L << 20);
    }

    @Test
    void aBudgetOfAPoolThatIsNotConfiguredIsNamedByItsKey() {
        assertThatThrownBy(() -> policy(Map.of("budget-of.fsat-1", "2G")))
                .hasMessage(
                        "planish.policies.nightly: budget-of.fsat-1 is of no configured pool; there are [fast-1, slow]");
        assertThatThrownBy(() -> policy(Map.of("headroom-of.fsat-1", "2G"))).hasMessageContaining("headroom-of.fsat-1");
    }

    @Test
    void aCanaryOfNoJobsIsNamed() {
        assertThatThrownBy(() -> policy(Map.of("canary", "0")))
                .hasMessage("planish.policies.nightly: canary is 0, but must be at least 1");
    }

    @Test
    void aValueThatMakesNoSenseIsNamedWithItsPolicy() {
        assertThatThrownBy(() -> policy(Map.of("keep-newest", "-1")))
                .hasMessage("planish.policies.nightly: keep-newest is -1, but must not be negative");
    }

    private static Policy policy(Map<String, String> keys) {
        Map<String, String> properties = new HashMap<>();
        keys.forEach((key, value) -> properties.put("planish.policies.nightly." + key, value));
        PoliciesConfig config = new SmallRyeConfigBuilder()
                .withMapping(PoliciesConfig.class)
                .addDiscoveredConverters()
                .withSources(new PropertiesConfigSource(properties, "test", 100))
                .build()
                .getConfigMapping(PoliciesConfig.class);
        return Objects.requireNonNull(Settings.policies(config, POOLS).get("nightly"));
    }
}
