package io.planish.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.planish.chain.PoolName;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PrefixTest {
    private static final long MIB = 1 << 20;

    /** Two chains in one pool and one in another, each with 3 MiB to move and 3 MiB left over. */
    private static List<Prefix> prefixes(Duration grace) {
        Fleet fleet = Fleet.of("a/x0 <- a/x1 <- a/x2", "a/y0 <- a/y1 <- a/y2", "b/z0 <- b/z1 <- b/z2");
        for (String chain : List.of("a/x", "a/y", "b/z")) {
            fleet.data(chain + "0", 0, 144).data(chain + "1", 144, 192).data(chain + "2", 192, 400);
            fleet.allocated(chain + "1", 3 * MIB);
        }
        Snapshot snapshot = fleet.snapshot();
        Plan plan = Planner.plan(snapshot, Policy.DEFAULT.change().grace(grace).build());
        assertThat(plan.jobs()).hasSize(3);
        return Prefix.of(plan, snapshot.forest());
    }

    @Test
    void leftoversInTheTrashAddUp() {
        assertThat(prefixes(Duration.ofDays(7)))
                .containsExactly(
                        new Prefix("j0001", Map.of(pool("a"), 3 * MIB)),
                        new Prefix("j0002", Map.of(pool("a"), 6 * MIB)),
                        new Prefix("j0003", Map.of(pool("a"), 6 * MIB, pool("b"), 3 * MIB)));
    }

    @Test
    void leftoversThatAreRemovedMakeRoomForTheNextJob() {
        assertThat(prefixes(Duration.ZERO))
                .containsExactly(
                        new Prefix("j0001", Map.of(pool("a"), 3 * MIB)),
                        new Prefix("j0002", Map.of(pool("a"), 3 * MIB)),
                        new Prefix("j0003", Map.of(pool("a"), 3 * MIB, pool("b"), 3 * MIB)));
    }

    private static PoolName pool(String name) {
        return new PoolName(name);
    }
}
