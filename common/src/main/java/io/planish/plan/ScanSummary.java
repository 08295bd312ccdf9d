package io.planish.plan;

import io.planish.chain.BackingLink;
import io.planish.chain.ChainText;
import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import java.util.List;
import java.util.Optional;

/**
 * What a person wants to know of a snapshot: every chain of two files or more, and every image whose backing file is not to
 * be had.
 *
 * @param chains in the order of their leaves
 * @param findings what could not be looked at
 * @param forest all images, in chains or not
 */
public record ScanSummary(List<Chain> chains, List<Finding> findings, Forest forest) {
    public ScanSummary {
        chains = List.copyOf(chains);
        findings = List.copyOf(findings);
    }

    /**
     * One chain.
     *
     * @param drawing base first, shared files in brackets: {@code [base] <- a}
     * @param files how many it has
     * @param sharedFiles how many of them other overlays use too
     * @param allocatedBytes what its files take on disk, shared ones included
     * @param running whether its leaf is open elsewhere
     * @param problem why it is left alone, if it is
     */
    public record Chain(
            ImageRef leaf,
            String drawing,
            int files,
            int sharedFiles,
            long virtualSizeBytes,
            long allocatedBytes,
            boolean running,
            Optional<Problem> problem) {}

    public static ScanSummary of(Snapshot snapshot) {
        Forest forest = snapshot.forest();
        return new ScanSummary(
                forest.leaves().stream()
                        .filter(leaf -> leaf.backing().isPresent())
                        .map(leaf -> chain(leaf, forest))
                        .toList(),
                snapshot.findings(),
                forest);
    }

    /** All of it in numbers. */
    public ScanTotals totals() {
        return ScanTotals.of(forest, this);
    }

    /** The chains of guests that do not run and that can be worked on. */
    public long offline() {
        return chains.stream().filter(chain -> chain.problem().isEmpty()).count();
    }

    /** The chains that only something inside the hypervisor could work on. */
    public long needRunningGuestExecutor() {
        return chains.stream().filter(Chain::running).count();
    }

    /** {@code 12 chains, 9 offline, 2 need a running-guest executor, 1 left alone}. */
    public String headline() {
        long leftAlone = chains.size() - offline() - needRunningGuestExecutor();
        return chains.size() + (chains.size() == 1 ? " chain, " : " chains, ") + offline() + " offline, "
                + needRunningGuestExecutor() + " need a running-guest executor"
                + (leftAlone == 0 ? "" : ", " + leftAlone + " left alone");
    }

    private static Chain chain(ImageNode leaf, Forest forest) {
        List<ImageNode> files = forest.chain(leaf.ref());
        boolean running = leaf.use() != Use.FREE;
        Optional<Problem> problem = forest.closed(leaf.ref()).or(() -> Permissions.inUse(leaf));
        String below = files.getFirst()
                .backing()
                .map(BackingLink::asWritten)
                .map(name -> "(" + name.replaceAll("\\p{Cntrl}", "?") + ") <- ")
                .orElse("");
        return new Chain(
                leaf.ref(),
                below + ChainText.chain(forest, leaf.ref(), image -> image.ref().toString()),
                files.size(),
                (int) files.stream()
                        .filter(file -> forest.overlays(file.ref()).size() > 1)
                        .count(),
                leaf.virtualSizeBytes(),
                files.stream().mapToLong(ImageNode::allocatedBytes).sum(),
                running && forest.closed(leaf.ref()).isEmpty(),
                problem);
    }
}
