package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** What the whole chain of a segment can become, copies of what it shares with others included, given what stands below it in the end. */
final class UnsharedPaths {
    private final Forest tree;
    private final Policy policy;
    private final SafetyRule rule;
    private final CostModel costModel;
    private final Map<ImageRef, Problem> obstacles;
    private final Map<Branch, Groups> known = new IdentityHashMap<>();

    /** @param obstacles gets, by the last image of a segment, why its chain cannot be read */
    UnsharedPaths(Forest tree, Policy policy, SafetyRule rule, CostModel costModel, Map<ImageRef, Problem> obstacles) {
        this.tree = tree;
        this.policy = policy;
        this.rule = rule;
        this.costModel = costModel;
        this.obstacles = obstacles;
    }

    /** Over the whole chain; only the segment's own layers are written. */
    Groups groups(Branch branch) {
        Groups groups = known.get(branch);
        if (groups == null) {
            groups = groups(branch, image -> true);
            known.put(branch, groups);
        }
        return groups;
    }

    /** @param hasRoom which layers could be written as far as room goes */
    Groups groups(Branch branch, Predicate<ImageNode> hasRoom) {
        List<ImageNode> path = tree.chain(branch.segment.last().ref());
        try {
            Targets targets = new Targets(path, branch.filesBelow, tree, rule, policy.direction(), hasRoom);
            return Groups.of(targets, costModel.of(path, branch.filesBelow, List.of()));
        } catch (IOException e) {
            obstacles.put(branch.segment.last().ref(), Obstacles.of(e));
            return Groups.none(branch.filesBelow, path.size());
        }
    }

    /**
     * @param tops the places on the chain of the highest layer of each file below, lowest first
     * @param most how many files are of interest, those below included
     */
    Splitter splitter(Branch branch, List<Integer> tops, int most) {
        return splitter(groups(branch), tops, most);
    }

    static Splitter splitter(Groups groups, List<Integer> tops, int most) {
        int[] start = new int[Math.min(tops.size() + 1, most)];
        for (int files = 1; files < start.length; files++) {
            start[files] = tops.get(files - 1) + 1;
        }
        return new Splitter(groups, start, most);
    }

    /** The cheapest way to so many files or fewer, of ways that cost the same the one to more. */
    Optional<Split> best(Branch branch, List<Integer> tops, int most) {
        Splitter splitter = splitter(branch, tops, most);
        Split best = null;
        for (int files = most; files > 0; files--) {
            Optional<Price> price = splitter.price(files);
            if (price.isPresent() && (best == null || price.get().compareTo(best.price()) < 0)) {
                best = splitter.split(files);
            }
        }
        return Optional.ofNullable(best);
    }
}
