package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.job.SkipReason;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Why a leaf's chain is left alone, or keeps more files than the policy wants. Of several reasons the one that a person would have to
 * deal with first: what keeps the chain from being read, who has it open, that it is too short to bother, what an image of it does not
 * allow, and at last what is shared.
 */
final class Reasons {
    private final Policy policy;
    private final SafetyRule rule;
    private final Function<ImageRef, Optional<Problem>> obstacle;
    private final Function<ImageNode, Optional<Long>> unsharingCost;
    private @Nullable Map<ImageRef, Integer> leavesAbove;

    /**
     * @param obstacle what a segment that ends with an image could not do
     * @param unsharingCost what a leaf's own copy of what it shares too much of would write
     */
    Reasons(
            Policy policy,
            SafetyRule rule,
            Function<ImageRef, Optional<Problem>> obstacle,
            Function<ImageNode, Optional<Long>> unsharingCost) {
        this.policy = policy;
        this.rule = rule;
        this.obstacle = obstacle;
        this.unsharingCost = unsharingCost;
    }

    /**
     * Empty: there is nothing to explain.
     *
     * @param after how many files the leaf's chain has when the plan is carried out
     */
    Optional<Problem> why(ImageNode leaf, Forest tree, int after) {
        List<ImageNode> chain = tree.chain(leaf.ref());
        Optional<Problem> unreadable = chain.reversed().stream()
                .map(rule::reads)
                .flatMap(Optional::stream)
                .findFirst();
        if (unreadable.filter(problem -> problem.reason() != SkipReason.IN_USE).isPresent()) {
            return unreadable;
        }
        if (after <= policy.maxDepth()) {
            return Optional.empty();
        }
        return unreadable
                .or(() -> Permissions.inUse(leaf))
                .or(() -> tooShort(leaf, chain.size()))
                .or(() -> leaf.problem(SkipReason.LEFT_OVER))
                .or(() -> chain.reversed().stream()
                        .map(image -> obstacle.apply(image.ref()))
                        .flatMap(Optional::stream)
                        .findFirst()
                        .map(problem -> cut(problem, leaf, chain.size(), after)))
                .or(() -> policy.unshare() ? rule.pullsInto(leaf) : Optional.empty())
                .or(() -> shared(leaf, chain, tree, after));
    }

    private Optional<Problem> tooShort(ImageNode leaf, int files) {
        return files < policy.minDepth()
                ? Optional.of(new Problem(
                        SkipReason.BELOW_MIN_DEPTH,
                        leaf.ref() + " has a chain of " + files + " files, which is below the least depth of "
                                + policy.minDepth() + " (lower min-depth to have it shortened)"))
                : Optional.empty();
    }

    private Problem cut(Problem problem, ImageNode leaf, int before, int after) {
        boolean room = problem.reason() == SkipReason.NO_SPACE || problem.reason() == SkipReason.BUDGET;
        return !room || after == before
                ? problem
                : new Problem(
                        problem.reason(),
                        leaf.ref() + " is cut to what fits, " + after + " files instead of " + policy.maxDepth() + ": "
                                + problem.sentence());
    }

    private Optional<Problem> shared(ImageNode leaf, List<ImageNode> chain, Forest tree, int after) {
        Optional<ImageNode> fork = chain.reversed().stream()
                .filter(image -> tree.overlays(image.ref()).size() > 1)
                .findFirst();
        String why = fork.map(image -> "it shares " + image.ref() + " with " + others(image, tree))
                .orElse("nothing of it may be merged");
        String cost = unsharingCost
                .apply(leaf)
                .map(bytes -> "; a copy of its own would write " + Bytes.text(bytes)
                        + (policy.unshare() ? "" : " (unshare allows it)"))
                .orElse("");
        return Optional.of(new Problem(
                SkipReason.SHARED_BASE, leaf.ref() + " keeps a chain of " + after + " files: " + why + cost));
    }

    private String others(ImageNode fork, Forest tree) {
        if (leavesAbove == null) {
            leavesAbove = leavesAbove(tree);
        }
        int others = leavesAbove.getOrDefault(fork.ref(), 1) - 1;
        return others == 1 ? "1 other image" : others + " other images";
    }

    /** How many leaves stand, whatever the way, on each image. */
    private static Map<ImageRef, Integer> leavesAbove(Forest tree) {
        Map<ImageRef, Integer> leaves = new HashMap<>();
        for (ImageNode leaf : tree.leaves()) {
            Set<ImageRef> below = new HashSet<>();
            Deque<ImageRef> open = new ArrayDeque<>(List.of(leaf.ref()));
            while (!open.isEmpty()) {
                tree.node(open.pop()).filter(image -> below.add(image.ref())).ifPresent(image -> {
                    leaves.merge(image.ref(), 1, Integer::sum);
                    image.backing().ifPresent(link -> {
                        link.image().ifPresent(open::push);
                        open.addAll(link.alsoLeadsTo());
                    });
                });
            }
        }
        return leaves;
    }
}
