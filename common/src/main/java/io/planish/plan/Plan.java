package io.planish.plan;

import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.job.Job;
import io.planish.job.SkipReason;
import java.util.List;
import java.util.Objects;

/**
 * What is to be done, what is left alone and why, and what it costs.
 *
 * @param jobs in an order in which each comes after those it depends on
 * @param leaves each image without overlays whose chain changes or is longer than the policy wants
 * @param skips chains, by their leaves
 * @param stays of the trees that jobs change or that stay too deep, the images that no job writes or removes because that must not be
 * @param ends restore points that end
 */
public record Plan(
        String snapshot,
        Policy policy,
        List<Job> jobs,
        List<LeafDepth> leaves,
        List<Skip> skips,
        List<Skip> stays,
        List<End> ends,
        List<Total> totals) {

    public Plan {
        jobs = List.copyOf(jobs);
        leaves = List.copyOf(leaves);
        skips = List.copyOf(skips);
        // what the version before has written says nothing of it
        stays = List.copyOf(Objects.requireNonNullElse(stays, List.of()));
        ends = List.copyOf(ends);
        totals = List.copyOf(totals);
    }

    /** An image that is left alone, or does not get as low as the policy wants, and why. */
    public record Skip(ImageRef image, SkipReason reason, String sentence) {}

    /** A file whose content of its own ends with a job: nobody can go back to it afterwards. */
    public record End(ImageRef image, String job) {}

    /** How many files a leaf's chain has, and will have. */
    public record LeafDepth(ImageRef leaf, int before, int after) {}

    /**
     * What the plan does to one pool, in bytes.
     *
     * @param bytesToWrite what merges write into its images
     * @param bytesToFreeNow what is given back when the jobs are done
     * @param bytesToFreeAfterGrace what is given back once the trash is purged, the former included
     * @param peakExtraBytes the most that may be needed on top of what is used now
     */
    public record Total(
            PoolName pool, long bytesToWrite, long bytesToFreeNow, long bytesToFreeAfterGrace, long peakExtraBytes) {}
}
