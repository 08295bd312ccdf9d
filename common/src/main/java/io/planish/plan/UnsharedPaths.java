package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import java.io.IOException;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds the cheapest copy of what a segment shares, given what stands below it in the end. */
final class UnsharedPaths {
    private final Forest tree;
    private final Policy policy;
    private final SafetyRule rule;
    private final CostModel costModel;
    private final Map<ImageRef, Problem> obstacles;
    /** Many choices leave the same files below a segment. */
    private final Map<Branch, Map<List<Integer>, Splitter>> known = new IdentityHashMap<>();

    /** @param split of the whole chain */
    record Way(int files, Split split) {}

    UnsharedPaths(Forest tree, Policy policy, SafetyRule rule, CostModel costModel, Map<ImageRef, Problem> obstacles) {
        this.tree = tree;
        this.policy = policy;
        this.rule = rule;
        this.costModel = costModel;
        this.obstacles = obstacles;
    }

    /** Lets the segment have its own copy; where none gets it down to its bound nothing is done. */
    void unshare(Branch branch) {
        int most = Math.min(branch.room, branch.filesNow());
        Splitter splitter = splitter(branch, most);
        Optional<Way> way = splitter == null ? Optional.empty() : best(branch, splitter, most);
        branch.unshare(
                way.map(Way::files).orElse(branch.chosenBelow() + branch.segment.size()),
                way.map(Way::split).orElse(Split.NONE));
    }

    /** The best way together with all that stands above. */
    Optional<Way> best(Branch branch, Splitter splitter, int most) {
        Way best = null;
        Price least = null;
        for (int files = most; files > 0; files--) {
            Price price = splitter.price(files).orElse(null);
            Price above = price == null ? null : branch.wayAbove(files);
            Price all = above == null || price == null ? null : price.plus(above);
            if (all != null && (least == null || all.compareTo(least) < 0)) {
                least = all;
                best = new Way(files, splitter.split(files));
            }
        }
        return Optional.ofNullable(best);
    }

    /** Keeps only what is known of the files that were chosen. */
    void forgetOthers() {
        known.forEach((branch, byTops) ->
                byTops.keySet().retainAll(List.of(branch.below == null ? List.of() : branch.below.tops())));
    }

    /** Over the whole chain of a segment; null: a layer cannot be read. */
    @Nullable
    Splitter splitter(Branch branch, int most) {
        List<Integer> tops = branch.below == null ? List.of() : branch.below.tops();
        Map<List<Integer>, Splitter> ofBranch = known.computeIfAbsent(branch, absent -> new HashMap<>());
        Splitter found = ofBranch.get(tops);
        if (found != null && found.most() >= most) {
            return found;
        }
        List<ImageNode> path = tree.chain(branch.segment.last().ref());
        int[] start = new int[Math.min(tops.size() + 1, most)];
        for (int files = 1; files < start.length; files++) {
            start[files] = tops.get(files - 1) + 1;
        }
        try {
            Targets targets = new Targets(path, branch.filesBelow, tree, rule, policy.direction());
            Splitter made = new Splitter(targets, costModel.of(path, List.of()), start, most);
            ofBranch.put(tops, made);
            return made;
        } catch (IOException e) {
            obstacles.put(branch.segment.last().ref(), Obstacles.of(e));
            return null;
        }
    }
}
