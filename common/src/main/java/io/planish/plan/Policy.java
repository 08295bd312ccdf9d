package io.planish.plan;

import io.planish.chain.ImageRef;
import io.planish.job.Verify;
import java.time.Duration;
import java.util.List;

/**
 * What an operator wants and forbids.
 *
 * @param maxDepth how many files a chain may have; 1: images stand alone
 * @param unshare whether an image may be given its own copy of what it shares with others, to get down to {@code maxDepth}
 * @param keep globs of images whose content and name stay; they may be pulled into
 * @param protect globs of images that are never written, replaced or retired, and keep their backing link
 * @param dropRestorePoints whether images that something outside refers to may end
 * @param verify how each merge is checked
 * @param grace how long leftovers stay in the trash; zero: removed at once
 * @param headroomBytes what each filesystem must have left at any time
 * @param maxBytesToWrite how much the whole plan may write; {@link Long#MAX_VALUE}: no bound
 */
public record Policy(
        int maxDepth,
        boolean unshare,
        List<String> keep,
        List<String> protect,
        boolean dropRestorePoints,
        Verify verify,
        Duration grace,
        long headroomBytes,
        long maxBytesToWrite) {

    public static final Policy DEFAULT = new Policy(
            2, false, List.of(), List.of(), false, Verify.FULL, Duration.ofDays(7), 64L << 20, Long.MAX_VALUE);

    public Policy {
        if (maxDepth < 1) {
            throw new IllegalArgumentException("max-depth is " + maxDepth + ", but a chain has at least 1 file");
        }
        if (grace.isNegative()) {
            throw new IllegalArgumentException("grace is " + grace + ", but must not be negative");
        }
        if (headroomBytes < 0 || maxBytesToWrite < 0) {
            throw new IllegalArgumentException("headroom and byte budget must not be negative");
        }
        keep = List.copyOf(keep);
        protect = List.copyOf(protect);
        Globs.check(keep);
        Globs.check(protect);
    }

    public boolean keeps(ImageRef image) {
        return Globs.match(keep, image);
    }

    public boolean protects(ImageRef image) {
        return Globs.match(protect, image);
    }

    public Policy withMaxDepth(int depth) {
        return new Policy(
                depth, unshare, keep, protect, dropRestorePoints, verify, grace, headroomBytes, maxBytesToWrite);
    }
}
