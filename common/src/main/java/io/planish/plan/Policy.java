package io.planish.plan;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.planish.chain.PoolName;
import io.planish.job.Verify;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What an operator wants and forbids.
 *
 * @param maxDepth how many files a chain may have; 1: images stand alone
 * @param minDepth chains of fewer files are left alone; 0: none is for that
 * @param direction which way data may move
 * @param unshare whether an image may be given its own copy of what it shares with others, to get down to {@code maxDepth}
 * @param keep globs of images whose content and name stay; they may be pulled into
 * @param keepNewest how many layers right below the leaf of each chain are kept too
 * @param keepNewerThan layers are kept too that may show a time less than this before the scan, see {@link KeepRule}
 * @param keepOlderThan layers are kept too that may show a time more than this before the scan
 * @param protect globs of images that are never written, replaced or retired, and keep their backing link; one that ends in
 *     {@code /} stands for all of a folder
 * @param dropRestorePoints whether images that something outside refers to may end
 * @param verify how each merge is checked
 * @param grace how long leftovers stay in the trash; zero: removed at once
 * @param headroomBytes what each filesystem must have left at any time
 * @param budgetBytes how much one run may write to each pool; {@link Long#MAX_VALUE}: no bound
 * @param headroomByPool what the filesystems of these pools must have left instead
 * @param budgetByPool how much one run may write to these pools instead
 * @param canary how many jobs one run may begin at all, at least 1; with it a pool stops at the first job of it that failed or whose outcome is unknown
 */
public record Policy(
        int maxDepth,
        int minDepth,
        Direction direction,
        boolean unshare,
        List<String> keep,
        int keepNewest,
        Optional<Duration> keepNewerThan,
        Optional<Duration> keepOlderThan,
        List<String> protect,
        boolean dropRestorePoints,
        Verify verify,
        Duration grace,
        long headroomBytes,
        @JsonAlias("maxBytesToWrite") long budgetBytes,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<PoolName, Long> headroomByPool,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<PoolName, Long> budgetByPool,
        Optional<Integer> canary) {

    public static final Policy DEFAULT = new Policy(
            2,
            0,
            Direction.AUTO,
            false,
            List.of(),
            0,
            Optional.empty(),
            Optional.empty(),
            List.of(),
            false,
            Verify.FULL,
            Duration.ofDays(7),
            64L << 20,
            Long.MAX_VALUE,
            Map.of(),
            Map.of(),
            Optional.empty());

    /** @throws IllegalArgumentException naming the key, its value, and what it may be */
    public Policy {
        if (maxDepth < 1) {
            throw new IllegalArgumentException("max-depth is " + maxDepth + ", but a chain has at least 1 file");
        }
        notNegative("min-depth", minDepth);
        notNegative("keep-newest", keepNewest);
        notNegative("headroom", headroomBytes);
        notNegative("budget", budgetBytes);
        notNegative("grace", grace);
        keepNewerThan.ifPresent(age -> notNegative("keep-newer-than", age));
        keepOlderThan.ifPresent(age -> notNegative("keep-older-than", age));
        // what the version before has written says nothing of it
        direction = Objects.requireNonNullElse(direction, Direction.AUTO);
        headroomByPool = Map.copyOf(Objects.requireNonNullElse(headroomByPool, Map.of()));
        budgetByPool = Map.copyOf(Objects.requireNonNullElse(budgetByPool, Map.of()));
        headroomByPool.forEach((pool, bytes) -> notNegative("headroom of " + pool, bytes));
        if (canary.orElse(1) < 1) {
            throw new IllegalArgumentException("canary is " + canary.get() + ", but must be at least 1");
        }
        budgetByPool.forEach((pool, bytes) -> notNegative("budget of " + pool, bytes));
        keep = List.copyOf(keep);
        protect = List.copyOf(protect);
        Globs.check("keep", keep);
        Globs.check("protect", protect);
    }

    /** What the filesystem of this pool must have left at any time. */
    public long headroomBytes(PoolName pool) {
        return headroomByPool.getOrDefault(pool, headroomBytes);
    }

    /** How much one run may write to this pool; {@link Long#MAX_VALUE}: no bound. */
    public long budgetBytes(PoolName pool) {
        return budgetByPool.getOrDefault(pool, budgetBytes);
    }

    public Policy withMaxDepth(int depth) {
        return change().maxDepth(depth).build();
    }

    /** The same without what only a plan can settle: how old layers are. */
    public Policy afterwards() {
        return change().keepNewerThan(Optional.empty())
                .keepOlderThan(Optional.empty())
                .build();
    }

    /** Begins another policy that is like this one but for what is said. */
    public PolicyBuilder change() {
        return new PolicyBuilder(this);
    }

    private static void notNegative(String key, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(key + " is " + value + ", but must not be negative");
        }
    }

    private static void notNegative(String key, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(key + " is " + value + ", but must not be negative");
        }
    }
}
