package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.job.SkipReason;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The chains that a plan leaves alone because they have no more files than the policy wants. A plan does not hold them, since in a large fleet most
 * are; an image without a backing file is no chain.
 */
public final class ShortChains {
    private ShortChains() {}

    /**
     * Their leaves in the order of addresses.
     *
     * @param forest the plan was made for
     */
    static Stream<ImageNode> leaves(Plan plan, Forest forest) {
        Set<ImageRef> told = new HashSet<>();
        plan.leaves().forEach(leaf -> told.add(leaf.leaf()));
        plan.skips().forEach(skip -> told.add(skip.image()));
        return forest.leaves().stream().filter(leaf -> leaf.backing().isPresent() && !told.contains(leaf.ref()));
    }

    /** The same, each with its code and sentence. */
    static Stream<Plan.Skip> of(Plan plan, Forest forest) {
        return leaves(plan, forest).map(leaf -> skip(leaf, forest, plan.policy()));
    }

    static Plan.Skip skip(ImageNode leaf, Forest forest, Policy policy) {
        return new Plan.Skip(
                leaf.ref(),
                SkipReason.SHORT_ENOUGH,
                leaf.ref() + " has a chain of " + files(forest.chain(leaf.ref()).size()) + " and may have "
                        + policy.maxDepth());
    }

    static String files(int count) {
        return count == 1 ? "1 file" : count + " files";
    }
}
