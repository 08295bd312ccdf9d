package io.planish.plan;

import io.planish.chain.ImageNode;
import io.planish.chain.PoolName;
import io.planish.chain.Problem;
import io.planish.job.SkipReason;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What may still be written: to each filesystem, and to each pool by the policy's budget. Leftovers free nothing, they wait in the trash. */
final class Space {
    private final Map<Integer, Long> leftByFilesystem = new HashMap<>();
    private final Map<PoolName, Long> leftByPool = new HashMap<>();
    private final long budgetBytes;

    Space(Snapshot snapshot, Policy policy) {
        budgetBytes = policy.budgetBytes();
        for (PoolState pool : snapshot.pools()) {
            leftByFilesystem.merge(
                    pool.filesystem(), Math.max(0, pool.freeBytes() - policy.headroomBytes()), Math::min);
        }
    }

    /** Sets the bytes aside, or tells why not. A filesystem whose free bytes nobody told has no room. */
    Optional<Problem> take(ImageNode target, long bytes) {
        long room = leftByFilesystem.getOrDefault(target.filesystem(), 0L);
        if (bytes > room) {
            return Optional.of(new Problem(
                    SkipReason.NO_SPACE,
                    "merging into " + target.ref() + " needs " + Bytes.text(bytes) + ", and " + Bytes.text(room)
                            + " are left beside the headroom"));
        }
        PoolName pool = target.ref().pool();
        long left = leftByPool.getOrDefault(pool, budgetBytes);
        if (bytes > left) {
            return Optional.of(new Problem(
                    SkipReason.BUDGET,
                    "merging into " + target.ref() + " needs " + Bytes.text(bytes) + ", and " + Bytes.text(left)
                            + " are left of the budget of pool " + pool + " in this run"));
        }
        leftByFilesystem.put(target.filesystem(), room - bytes);
        leftByPool.put(pool, left - bytes);
        return Optional.empty();
    }
}
