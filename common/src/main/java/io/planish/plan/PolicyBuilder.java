package io.planish.plan;

import io.planish.chain.PoolName;
import io.planish.job.Verify;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A {@link Policy} in the making; not thread-safe. */
public final class PolicyBuilder {
    private int maxDepth;
    private int minDepth;
    private Direction direction;
    private boolean unshare;
    private List<String> keep;
    private int keepNewest;
    private Optional<Duration> keepNewerThan;
    private Optional<Duration> keepOlderThan;
    private List<String> protect;
    private boolean dropRestorePoints;
    private Verify verify;
    private Duration grace;
    private long headroomBytes;
    private long budgetBytes;
    private Map<PoolName, Long> headroomByPool;
    private Map<PoolName, Long> budgetByPool;
    private Optional<Integer> canary;

    PolicyBuilder(Policy like) {
        maxDepth = like.maxDepth();
        minDepth = like.minDepth();
        direction = like.direction();
        unshare = like.unshare();
        keep = like.keep();
        keepNewest = like.keepNewest();
        keepNewerThan = like.keepNewerThan();
        keepOlderThan = like.keepOlderThan();
        protect = like.protect();
        dropRestorePoints = like.dropRestorePoints();
        verify = like.verify();
        grace = like.grace();
        headroomBytes = like.headroomBytes();
        budgetBytes = like.budgetBytes();
        headroomByPool = like.headroomByPool();
        budgetByPool = like.budgetByPool();
        canary = like.canary();
    }

    public PolicyBuilder maxDepth(int files) {
        maxDepth = files;
        return this;
    }

    public PolicyBuilder minDepth(int files) {
        minDepth = files;
        return this;
    }

    public PolicyBuilder direction(Direction way) {
        direction = way;
        return this;
    }

    public PolicyBuilder unshare(boolean may) {
        unshare = may;
        return this;
    }

    public PolicyBuilder keep(List<String> globs) {
        keep = globs;
        return this;
    }

    public PolicyBuilder keepNewest(int layers) {
        keepNewest = layers;
        return this;
    }

    public PolicyBuilder keepNewerThan(Optional<Duration> age) {
        keepNewerThan = age;
        return this;
    }

    public PolicyBuilder keepOlderThan(Optional<Duration> age) {
        keepOlderThan = age;
        return this;
    }

    public PolicyBuilder protect(List<String> globs) {
        protect = globs;
        return this;
    }

    public PolicyBuilder dropRestorePoints(boolean may) {
        dropRestorePoints = may;
        return this;
    }

    public PolicyBuilder verify(Verify how) {
        verify = how;
        return this;
    }

    public PolicyBuilder grace(Duration time) {
        grace = time;
        return this;
    }

    public PolicyBuilder headroomBytes(long bytes) {
        headroomBytes = bytes;
        return this;
    }

    public PolicyBuilder budgetBytes(long bytes) {
        budgetBytes = bytes;
        return this;
    }

    public PolicyBuilder headroomByPool(Map<PoolName, Long> bytes) {
        headroomByPool = bytes;
        return this;
    }

    public PolicyBuilder budgetByPool(Map<PoolName, Long> bytes) {
        budgetByPool = bytes;
        return this;
    }

    public PolicyBuilder canary(Optional<Integer> jobs) {
        canary = jobs;
        return this;
    }

    /** @throws IllegalArgumentException naming the key, its value, and what it may be */
    public Policy build() {
        return new Policy(
                maxDepth,
                minDepth,
                direction,
                unshare,
                keep,
                keepNewest,
                keepNewerThan,
                keepOlderThan,
                protect,
                dropRestorePoints,
                verify,
                grace,
                headroomBytes,
                budgetBytes,
                headroomByPool,
                budgetByPool,
                canary);
    }
}
