package io.planish.plan;

import io.planish.chain.ImageNode;
import io.planish.chain.Problem;
import io.planish.job.SkipReason;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What may still be written: to each filesystem, and by the plan as a whole. Leftovers free nothing, they wait in the trash. */
final class Space {
    private final Map<Integer, Long> leftByFilesystem = new HashMap<>();
    private long left;

    Space(Snapshot snapshot, Policy policy) {
        left = policy.maxBytesToWrite();
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
        if (bytes > left) {
            return Optional.of(new Problem(
                    SkipReason.NO_SPACE,
                    "merging into " + target.ref() + " needs " + Bytes.text(bytes) + ", and " + Bytes.text(left)
                            + " are left of the plan's byte budget"));
        }
        leftByFilesystem.put(target.filesystem(), room - bytes);
        left -= bytes;
        return Optional.empty();
    }
}
