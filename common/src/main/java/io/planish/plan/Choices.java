package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses how many files each segment of a tree becomes, so that all leaves get where they can get for the least price.
 *
 * <p>What is shared stays one file for all, so that no group reaches over a fork, and each segment becomes some number {@code k} of files, for
 * the price that {@link Splitter} finds. A leaf's bound is what the policy wants, or the fewest files it can come down to if
 * that is more. {@code way(s, u)} is the least price of segment {@code s} and all above it where {@code u} files stand below it:
 *
 * <pre>
 *   way(s, u) = min over k of  price(s, k) + sum of way(c, u + k) over the segments c above s
 *               only k with u + k within the bound where s ends in a leaf
 * </pre>
 *
 * <p>Segments above one fork depend on each other only through {@code u}, so that this is the optimum; and a trunk is paid for once, whoever is above.
 * Takes one step for each segment, {@code u}, {@code k} and segment above, each of {@code u} and {@code k} at most the largest bound.
 *
 * <p>A leaf that cannot get there without its own copy of what it shares gets one where the policy wants that, for the least price given what the trunk
 * below becomes for the others. That is the optimum for each such leaf, not always for the tree: a trunk might be better left longer,
 * or copied once for several leaves, or a leaf copy although it need not.
 */
final class Choices {
    private final Forest tree;
    private final Policy policy;
    private final SafetyRule rule;
    private final CostModel costModel;
    private final List<Branch> branches = new ArrayList<>();
    private final Map<Segment, Branch> bySegment = new IdentityHashMap<>();
    private final Map<ImageRef, Problem> obstacles;

    /**
     * @param segments each after the one below it
     * @param obstacles gets, by the last image of a segment, why it cannot become as short as it should
     */
    Choices(
            List<Segment> segments,
            Forest tree,
            Policy policy,
            SafetyRule rule,
            CostModel costModel,
            Map<ImageRef, Problem> obstacles) {
        this.obstacles = obstacles;
        this.tree = tree;
        this.policy = policy;
        this.rule = rule;
        this.costModel = costModel;
        for (Segment segment : segments) {
            Branch branch =
                    new Branch(segment, segment.below().map(bySegment::get).orElse(null));
            branch.tooDeep = segment.endsInLeaf(tree) && isTooDeep(segment.last(), branch.filesNow());
            bySegment.put(segment, branch);
            branches.add(branch);
        }
        if (anyTooDeep()) {
            do {
                bound();
            } while (!read());
            branches.reversed().forEach(this::solve);
        }
    }

    /** Whether any leaf that could be worked on is deeper than the policy wants. */
    boolean anyTooDeep() {
        return branches.stream().anyMatch(branch -> branch.tooDeep);
    }

    /**
     * What its layers become, the segments below being what they were chosen to be; nothing changes where its leaf is to be {@link #unshares
     * unshared}.
     */
    Split split(Segment segment) {
        Branch branch = branch(segment);
        if (branch.room != Integer.MAX_VALUE) {
            int state = branch.chosenBelow() - branch.fewestBelow;
            boolean asWanted = state < branch.cheapest.length && branch.cheapest[state] != null;
            branch.choose(asWanted ? branch.files[state] : branch.fewest);
        }
        return branch.split;
    }

    /** Where what was chosen for a segment does not fit: the fewest files it can become so that it does, for the least price. */
    Split cut(Segment segment, Predicate<Split> fits) {
        Branch branch = branch(segment);
        int wanted = branch.chosen;
        branch.choose(segment.size());
        if (branch.targets == null) {
            return Split.NONE;
        }
        try {
            Splitter splitter = new Splitter(branch.targets, costs(segment), new int[] {0}, segment.size() - 1);
            for (int files = wanted + 1; files < segment.size(); files++) {
                if (splitter.price(files).isPresent() && fits.test(splitter.split(files))) {
                    branch.splitter = splitter;
                    branch.choose(files);
                    break;
                }
            }
        } catch (IOException e) {
            obstacles.put(segment.last().ref(), Obstacles.of(e));
        }
        return branch.split;
    }

    /** Whether the segment's leaf is to get its own copy of what it shares. */
    boolean unshares(Segment segment) {
        return branch(segment).unshares;
    }

    /**
     * What the whole chain of a segment's leaf becomes if it gets its own copy of what it shares, all segments below being what they were chosen
     * to be; empty: it cannot get down to what the policy wants.
     */
    Optional<Split> unsharing(Segment segment) {
        Splitter splitter = unsharing(segment, policy.maxDepth());
        Split best = null;
        for (int files = policy.maxDepth(); splitter != null && files > 0; files--) {
            Optional<Price> price = splitter.price(files);
            if (price.isPresent() && (best == null || price.get().compareTo(best.price()) < 0)) {
                best = splitter.split(files);
            }
        }
        return Optional.ofNullable(best);
    }

    /** Where {@link #unsharing} does not fit: what makes the leaf's chain as short as fits, for the least price. */
    Split cutUnsharing(Segment segment, Predicate<Split> fits) {
        int now = branch(segment).chosenBelow() + segment.size();
        Splitter splitter = unsharing(segment, now - 1);
        for (int files = policy.maxDepth() + 1; splitter != null && files < now; files++) {
            if (splitter.price(files).isPresent() && fits.test(splitter.split(files))) {
                return splitter.split(files);
            }
        }
        return Split.NONE;
    }

    /** Over the whole chain of a segment's leaf; null: a layer cannot be read. */
    private @Nullable Splitter unsharing(Segment segment, int atMost) {
        List<ImageNode> path = tree.chain(segment.last().ref());
        int own = path.size() - segment.size();
        int most = Math.min(atMost, path.size());
        List<Integer> tops = tops(branch(segment).below);
        int[] start = new int[Math.min(tops.size() + 1, most)];
        for (int files = 1; files < start.length; files++) {
            start[files] = tops.get(files - 1) + 1;
        }
        try {
            Targets targets = new Targets(path, own, tree, rule, policy.direction());
            return new Splitter(targets, costModel.of(path, List.of()), start, most);
        } catch (IOException e) {
            obstacles.put(segment.last().ref(), Obstacles.of(e));
            return null;
        }
    }

    private Branch branch(Segment segment) {
        return Objects.requireNonNull(bySegment.get(segment));
    }

    private boolean isTooDeep(ImageNode leaf, int files) {
        return leaf.use() == Use.FREE && files > policy.maxDepth() && files >= policy.minDepth();
    }

    /** Finds how far each leaf can get, and what that leaves to the segments below it. */
    private void bound() {
        for (Branch branch : branches.reversed()) {
            branch.concerned |= branch.tooDeep;
            if (branch.below != null) {
                branch.below.concerned |= branch.concerned;
            }
        }
        for (Branch branch : branches) {
            Segment segment = branch.segment;
            if (branch.concerned && branch.targets == null) {
                branch.targets = new Targets(segment.layers(), 0, tree, rule, policy.direction());
                branch.fewest = branch.targets.fewestFiles();
            }
            branch.fewestBelow = branch.below == null ? 0 : branch.below.fewestBelow + branch.below.fewest;
            branch.room = Integer.MAX_VALUE;
            branch.unshares = branch.tooDeep
                    && policy.unshare()
                    && branch.below != null
                    && branch.fewestBelow + branch.fewest > policy.maxDepth()
                    && branch.targets != null
                    && branch.targets.pullsInto(segment.size() - 1);
        }
        for (Branch branch : branches.reversed()) {
            int fewest = branch.fewestBelow + branch.fewest;
            if (branch.tooDeep && !branch.unshares) {
                branch.room = Math.max(policy.maxDepth(), fewest);
                if (fewest > policy.maxDepth()) {
                    noteObstacles(branch);
                }
            }
            if (branch.room != Integer.MAX_VALUE) {
                branch.most = branch.room - branch.fewestBelow;
                branch.room -= branch.fewest;
                if (branch.below != null) {
                    branch.below.room = Math.min(branch.below.room, branch.room);
                }
            }
        }
    }

    private void noteObstacles(Branch leaf) {
        for (Branch branch = leaf; branch != null; branch = branch.below) {
            if (branch.fewest > 1) {
                Problem problem = Obstacles.of(branch.segment, tree, rule, policy.direction())
                        .orElse(null);
                if (problem != null) {
                    obstacles.putIfAbsent(branch.segment.last().ref(), problem);
                }
            }
        }
    }

    /** Finds the prices of all segments that may become shorter; false: one could not be read, and stays as it is. */
    private boolean read() {
        for (Branch branch : branches) {
            int most = Math.min(branch.most, branch.segment.size() - 1);
            if (branch.room == Integer.MAX_VALUE || most < branch.fewest || branch.targets == null) {
                continue;
            }
            try {
                branch.splitter = new Splitter(branch.targets, costs(branch.segment), new int[] {0}, most);
            } catch (IOException e) {
                obstacles.put(branch.segment.last().ref(), Obstacles.of(e));
                branch.splitter = null;
                branch.fewest = branch.segment.size();
                return false;
            }
        }
        return true;
    }

    private Costs costs(Segment segment) throws IOException {
        List<ImageNode> chain = tree.chain(segment.first().ref());
        return costModel.of(segment.layers(), chain.subList(0, chain.size() - 1));
    }

    private void solve(Branch branch) {
        if (branch.room == Integer.MAX_VALUE) {
            return;
        }
        int size = branch.segment.size();
        int states = Math.max(0, Math.min(branch.room, branch.filesBelow) - branch.fewestBelow + 1);
        branch.cheapest = new Price[states];
        branch.files = new int[states];
        for (int state = 0; state < states; state++) {
            int below = branch.fewestBelow + state;
            for (int files = Math.min(size, branch.most - state); files >= branch.fewest; files--) {
                Price price = branch.price(files).orElse(null);
                Price best = branch.cheapest[state];
                if (price == null || best != null && price.bytes() > best.bytes()) {
                    continue;
                }
                for (Segment segment : branch.segment.above()) {
                    Price above = price == null ? null : way(branch(segment), below + files);
                    price = above == null ? null : Objects.requireNonNull(price).plus(above);
                }
                if (price != null && (best == null || price.compareTo(best) < 0)) {
                    branch.cheapest[state] = price;
                    branch.files[state] = files;
                }
            }
        }
    }

    private static @Nullable Price way(Branch branch, int below) {
        if (branch.room == Integer.MAX_VALUE) {
            return Price.NOTHING;
        }
        int state = below - branch.fewestBelow;
        return state < branch.cheapest.length ? branch.cheapest[state] : null;
    }

    /** The places on the path of the highest layer of each file that a segment and those below it become. */
    private static List<Integer> tops(@Nullable Branch highest) {
        List<Integer> tops = new ArrayList<>();
        for (Branch branch = highest; branch != null; branch = branch.below) {
            boolean[] inside = new boolean[branch.segment.size()];
            for (Split.Merge merge : branch.split.merges()) {
                Arrays.fill(inside, merge.lo(), merge.top(), true);
            }
            for (int layer = inside.length - 1; layer >= 0; layer--) {
                if (!inside[layer]) {
                    tops.add(branch.filesBelow + layer);
                }
            }
        }
        return tops.reversed();
    }
}
