package io.planish.plan;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds out which segments of a tree had better get their own copy of what they share: begins with none but the leaves that cannot get down otherwise, with
 * all leaves, and with all segments, and changes its mind about one segment, and about two where they are few, for as long as that makes anything better.
 */
final class Unsharing {
    /** More are not looked at one by one, or two by two: each look chooses for the whole tree anew. */
    private static final int SINGLY = 48;

    private static final int IN_PAIRS = 12;

    private final List<Branch> branches;
    private final List<Branch> candidates;
    private final int maxDepth;
    private final Runnable settle;

    /** Who unshares, how deep leaves stay beyond what is wanted, all together, and what all of it costs. */
    private record Result(List<Branch> unsharing, long tooDeep, Price price) {
        boolean isBetterThan(Result other) {
            return tooDeep < other.tooDeep || tooDeep == other.tooDeep && price.compareTo(other.price) < 0;
        }
    }

    /** @param settle chooses for all segments, given who unshares */
    Unsharing(List<Branch> branches, int maxDepth, Runnable settle) {
        this.branches = branches;
        this.maxDepth = maxDepth;
        this.settle = settle;
        this.candidates = branches.stream().filter(Unsharing::mayUnshare).toList();
    }

    private static boolean mayUnshare(Branch branch) {
        return branch.concerned
                && branch.below != null
                && branch.targets != null
                && branch.targets.pullsInto(branch.segment.size() - 1);
    }

    /** Leaves all segments chosen. */
    void choose() {
        Result best =
                improved(result(candidates.stream().filter(this::mustUnshare).toList()));
        List<Branch> leaves =
                candidates.stream().filter(branch -> branch.tooDeep).toList();
        for (List<Branch> start : List.of(leaves, candidates)) {
            Result other = improved(result(start));
            best = other.isBetterThan(best) ? other : best;
        }
        result(best.unsharing());
    }

    private Result improved(Result start) {
        Result best = start;
        for (Result better = start; better != null; better = better(best)) {
            best = better;
        }
        return best;
    }

    private @Nullable Result better(Result than) {
        for (int i = 0; i < candidates.size() && candidates.size() <= SINGLY; i++) {
            int pairs = candidates.size() <= IN_PAIRS ? candidates.size() : i + 1;
            for (int j = i; j < pairs; j++) {
                List<Branch> unsharing = new ArrayList<>(than.unsharing());
                turn(unsharing, candidates.get(i));
                if (i != j) {
                    turn(unsharing, candidates.get(j));
                }
                Result other = result(unsharing);
                if (other.isBetterThan(than)) {
                    return other;
                }
            }
        }
        return null;
    }

    private static void turn(List<Branch> unsharing, Branch branch) {
        if (!unsharing.remove(branch)) {
            unsharing.add(branch);
        }
    }

    /** Whether a leaf cannot get down to what is wanted while nobody unshares. */
    private boolean mustUnshare(Branch branch) {
        int fewest = 0;
        for (Branch at = branch; at != null; at = at.below) {
            fewest += at.fewest;
        }
        return branch.tooDeep && fewest > maxDepth;
    }

    private Result result(List<Branch> unsharing) {
        candidates.forEach(branch -> branch.unshares = false);
        unsharing.forEach(branch -> branch.unshares = true);
        settle.run();
        long tooDeep = 0;
        Price price = Price.NOTHING;
        for (Branch branch : branches) {
            price = price.plus(branch.split.price());
            tooDeep += branch.tooDeep ? Math.max(0, branch.chosenAtEnd - maxDepth) : 0;
        }
        return new Result(unsharing, tooDeep, price);
    }
}
