package io.planish.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import io.planish.chain.PoolName;
import io.planish.job.Json;
import io.planish.job.Verify;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TighteningTest {
    private static final Policy NAMED = Policy.DEFAULT
            .change()
            .maxDepth(3)
            .minDepth(5)
            .keep(List.of("a"))
            .protect(List.of("b"))
            .keepNewest(1)
            .keepNewerThan(Optional.of(Duration.ofDays(7)))
            .keepOlderThan(Optional.of(Duration.ofDays(100)))
            .verify(Verify.METADATA)
            .budgetBytes(1000)
            .build();

    @Test
    void everyValueMayAllowLess() throws JsonProcessingException {
        Policy policy = tightened("""
                {"maxDepth":4,"minDepth":6,"direction":"PULL","unshare":false,"keepNewest":2,"keepNewerThan":"P8D",
                 "keepOlderThan":"P99D","dropRestorePoints":false,"verify":"FULL","grace":"P8D","headroomBytes":100000000,
                 "budgetBytes":999}""");

        assertThat(policy)
                .isEqualTo(NAMED.change()
                        .maxDepth(4)
                        .minDepth(6)
                        .direction(Direction.PULL)
                        .keep(List.of("a", "x"))
                        .protect(List.of("b", "y"))
                        .keepNewest(2)
                        .keepNewerThan(Optional.of(Duration.ofDays(8)))
                        .keepOlderThan(Optional.of(Duration.ofDays(99)))
                        .verify(Verify.FULL)
                        .grace(Duration.ofDays(8))
                        .headroomBytes(100_000_000)
                        .budgetBytes(999)
                        .build());
    }

    @Test
    void whatWouldAllowMoreIsRefusedByItsKey() {
        for (String looser : List.of(
                "{\"maxDepth\":2}",
                "{\"minDepth\":4}",
                "{\"unshare\":true}",
                "{\"keepNewest\":0}",
                "{\"keepNewerThan\":\"P6D\"}",
                "{\"keepOlderThan\":\"P101D\"}",
                "{\"dropRestorePoints\":true}",
                "{\"verify\":\"NONE\"}",
                "{\"grace\":\"P6D\"}",
                "{\"headroomBytes\":1}",
                "{\"headroomByPool\":{\"gold\":1}}",
                "{\"budgetByPool\":{\"gold\":1001}}",
                "{\"budgetBytes\":1001}")) {
            String key = looser.substring(2, looser.indexOf('"', 2));
            String pool = looser.contains("gold") ? ".gold" : "";
            assertThatThrownBy(() -> tightened(looser))
                    .hasMessageStartingWith("tighten." + key + pool + " is ")
                    .hasMessageContaining(", which allows more than the policy's ");
        }
    }

    @Test
    void aDirectionMayBeChosenButNotChanged() throws JsonProcessingException {
        Policy pull = NAMED.change().direction(Direction.PULL).build();
        Tightening commit = Json.STRICT.readValue("{\"direction\":\"COMMIT\"}", Tightening.class);

        assertThat(Tightening.of(NAMED, List.of(), List.of(), Optional.of(commit))
                        .direction())
                .isEqualTo(Direction.COMMIT);
        assertThatThrownBy(() -> Tightening.of(pull, List.of(), List.of(), Optional.of(commit)))
                .hasMessage("tighten.direction is COMMIT, which allows more than the policy's PULL");
    }

    @Test
    void whatSinglePoolsMayIsTightenedToo() throws JsonProcessingException {
        PoolName loose = new PoolName("loose");
        Policy policy = NAMED.change()
                .headroomByPool(Map.of(loose, 1L))
                .budgetByPool(Map.of(loose, 5_000L))
                .build();
        Tightening more =
                Json.STRICT.readValue("{\"headroomBytes\":999999999999,\"budgetBytes\":10}", Tightening.class);

        Policy tightened = Tightening.of(policy, List.of(), List.of(), Optional.of(more));

        assertThat(tightened.headroomBytes(loose)).isEqualTo(999999999999L);
        assertThat(tightened.budgetBytes(loose)).isEqualTo(10);
    }

    @Test
    void aPoolMayBeGivenABudgetOfItsOwnThatIsNoLargerThanThePolicys() throws JsonProcessingException {
        PoolName gold = new PoolName("gold");
        PoolName silver = new PoolName("silver");
        PoolName tin = new PoolName("tin");
        Policy policy = NAMED.change().budgetByPool(Map.of(gold, 5_000L)).build();

        Policy tightened = Tightening.of(
                policy,
                List.of(),
                List.of(),
                Optional.of(Json.STRICT.readValue(
                        "{\"budgetBytes\":10,\"budgetByPool\":{\"gold\":4000,\"silver\":800},\"headroomByPool\":{\"gold\":99999999}}",
                        Tightening.class)));

        assertThat(tightened.budgetBytes(gold)).isEqualTo(4000);
        assertThat(tightened.budgetBytes(silver)).as("more than all others").isEqualTo(800);
        assertThat(tightened.budgetBytes(tin)).isEqualTo(10);
        assertThat(tightened.headroomBytes(gold)).isEqualTo(99999999);
        assertThat(tightened.headroomBytes(tin)).isEqualTo(policy.headroomBytes(tin));
    }

    @Test
    void budgetsAndHeadroomAreReadAsPeopleSayThem() {
        Policy tightened = Tightening.of(
                Policy.DEFAULT,
                List.of(),
                List.of(),
                Optional.of(Tightening.ofSpace(List.of("1M", "gold=2M", "2K"), List.of("1G", "gold=2G"))));

        assertThat(tightened.budgetBytes(new PoolName("gold"))).isEqualTo(2L << 20);
        assertThat(tightened.budgetBytes(new PoolName("tin"))).isEqualTo(2L << 10);
        assertThat(tightened.headroomBytes(new PoolName("gold"))).isEqualTo(2L << 30);
        assertThat(tightened.headroomBytes(new PoolName("tin"))).isEqualTo(1L << 30);
    }

    @Test
    void anUnknownKeyIsNamedWithThoseThereAre() {
        assertThatThrownBy(() -> tightened("{\"maxdepth\":9}"))
                .isInstanceOfSatisfying(
                        UnrecognizedPropertyException.class,
                        e -> assertThat(Json.message(e))
                                .startsWith(
                                        "'maxdepth' is no known key (there are budgetByPool, budgetBytes, direction, "));
    }

    private static Policy tightened(String json) throws JsonProcessingException {
        Tightening more = Json.STRICT.readValue(json, Tightening.class);
        return Tightening.of(NAMED, List.of("x"), List.of("y"), Optional.of(more));
    }
}
