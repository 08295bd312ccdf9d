package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.job.SkipReason;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A snapshot in numbers.
 *
 * @param images files of all kinds that take part in anything, those without a chain too
 * @param chains leaves with a backing file
 * @param offline chains that can be worked on as they are
 * @param needRunningGuestExecutor chains that only something inside the hypervisor could work on, since their guests run
 * @param leftAlone all other chains, by why
 * @param chainsByFiles how many chains have so many files
 * @param sharedFiles files that several overlays use
 * @param mostShared the one of them that the most use, and how many these are
 * @param allocatedBytes what all images take on disk, each counted once
 * @param sharedBytes the part of it that shared files take
 */
public record ScanTotals(
        int images,
        int chains,
        long offline,
        long needRunningGuestExecutor,
        Map<SkipReason, Integer> leftAlone,
        TreeMap<Integer, Integer> chainsByFiles,
        int sharedFiles,
        Optional<Shared> mostShared,
        long allocatedBytes,
        long sharedBytes) {

    /** A file and how many overlays it has. */
    public record Shared(ImageRef image, int overlays) {}

    static ScanTotals of(Forest forest, ScanSummary summary) {
        Map<SkipReason, Integer> leftAlone = new EnumMap<>(SkipReason.class);
        TreeMap<Integer, Integer> chainsByFiles = new TreeMap<>();
        for (ScanSummary.Chain chain : summary.chains()) {
            chainsByFiles.merge(chain.files(), 1, Integer::sum);
            chain.problem()
                    .filter(problem -> !chain.running())
                    .ifPresent(problem -> leftAlone.merge(problem.reason(), 1, Integer::sum));
        }
        int sharedFiles = 0;
        Optional<Shared> mostShared = Optional.empty();
        long allocated = 0;
        long shared = 0;
        for (ImageNode image : forest.nodes()) {
            allocated += image.allocatedBytes();
            int overlays = forest.overlays(image.ref()).size();
            if (overlays > 1) {
                sharedFiles++;
                shared += image.allocatedBytes();
                if (overlays > mostShared.map(Shared::overlays).orElse(0)) {
                    mostShared = Optional.of(new Shared(image.ref(), overlays));
                }
            }
        }
        return new ScanTotals(
                forest.nodes().size(),
                summary.chains().size(),
                summary.offline(),
                summary.needRunningGuestExecutor(),
                leftAlone,
                chainsByFiles,
                sharedFiles,
                mostShared,
                allocated,
                shared);
    }
}
