package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import io.planish.job.SkipReason;
import java.io.IOException;
import java.util.ArrayList;
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
 * <p>Where the policy lets images be unshared, groups may reach down over forks; {@link Unsharing} says what is cheapest then.
 */
final class Choices {
    private final Forest tree;
    private final Policy policy;
    private final SafetyRule rule;
    private final CostModel costModel;
    private final List<Branch> branches = new ArrayList<>();
    private final Map<Segment, Branch> bySegment = new IdentityHashMap<>();
    private final Map<ImageRef, Problem> obstacles;
    private final UnsharedPaths paths;
    private final @Nullable Unsharing unsharing;

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
        this.paths = new UnsharedPaths(tree, policy, rule, costModel, obstacles);
        for (Segment segment : segments) {
            Branch branch =
                    new Branch(segment, segment.below().map(bySegment::get).orElse(null));
            branch.tooDeep = segment.endsInLeaf(tree) && isTooDeep(segment.last(), branch.filesNow());
            bySegment.put(segment, branch);
            branches.add(branch);
        }
        if (anyTooDeep()) {
            findConcerned();
        }
        unsharing = anyTooDeep() && policy.unshare() ? new Unsharing(branches, policy.maxDepth(), paths) : null;
        if (anyTooDeep()) {
            settle();
            branches.stream()
                    .filter(branch ->
                            branch.tooDeep && (unsharing == null || unsharing.bound(branch) > policy.maxDepth()))
                    .forEach(this::noteObstacles);
        }
    }

    /** Whether any leaf that could be worked on is deeper than the policy wants. */
    boolean anyTooDeep() {
        return branches.stream().anyMatch(branch -> branch.tooDeep);
    }

    /** What its layers become or, if it {@link #unshares}, its whole chain, the segments below being what they were chosen to be. */
    Split split(Segment segment) {
        Branch branch = branch(segment);
        choose(branch);
        return branch.split;
    }

    /** Whether the segment is to get its own copy of what it shares. */
    boolean unshares(Segment segment) {
        return branch(segment).unshares;
    }

    /**
     * Where what was chosen for a segment does not fit: the fewest files it can become so that it does, for the least price.
     *
     * @param detours whether to try, for each filesystem the chain is on, the cheapest way that writes nothing there
     */
    Split cut(Segment segment, boolean detours, Predicate<Split> fits) {
        Branch branch = branch(segment);
        int wanted = branch.chosenAtEnd;
        branch.choose(segment.size());
        int whole = branch.chosenAtEnd;
        int below = branch.unshares ? 0 : branch.chosenBelow();
        List<Splitter> ways = waysToCut(branch, detours, whole - below - 1);
        for (int files = wanted; files < whole; files++) {
            for (Splitter splitter : ways) {
                if (splitter.price(files - below).isPresent() && fits.test(splitter.split(files - below))) {
                    branch.become(files, splitter.split(files - below));
                    return branch.split;
                }
            }
        }
        return branch.split;
    }

    private List<Splitter> waysToCut(Branch branch, boolean detours, int most) {
        List<Predicate<ImageNode>> writes = new ArrayList<>(List.of(image -> true));
        List<Integer> filesystems = branch.segment.layers().stream()
                .map(ImageNode::filesystem)
                .distinct()
                .toList();
        if (detours && filesystems.size() > 1) {
            filesystems.forEach(full -> writes.add(image -> image.filesystem() != full));
        }
        List<Splitter> ways = new ArrayList<>();
        try {
            for (Predicate<ImageNode> may : writes) {
                ways.add(
                        branch.unshares
                                ? UnsharedPaths.splitter(paths.groups(branch, may), topsBelow(branch), most)
                                : splitter(branch, targets(branch, may), most));
            }
        } catch (IOException e) {
            obstacles.put(branch.segment.last().ref(), Obstacles.of(e));
        }
        return ways;
    }

    /** What the whole chain of a segment's leaf becomes if it gets its own copy of what it shares; empty: it cannot get down to what the policy wants. */
    Optional<Split> unsharing(Segment segment) {
        Branch branch = branch(segment);
        return paths.best(branch, topsBelow(branch), policy.maxDepth());
    }

    private static List<Integer> topsBelow(Branch branch) {
        return branch.below == null ? List.of() : branch.below.tops();
    }

    private Branch branch(Segment segment) {
        return Objects.requireNonNull(bySegment.get(segment));
    }

    private boolean isTooDeep(ImageNode leaf, int files) {
        return leaf.use() == Use.FREE
                && files > policy.maxDepth()
                && files >= policy.minDepth()
                && leaf.problem(SkipReason.LEFT_OVER).isEmpty();
    }

    private void findConcerned() {
        for (Branch branch : branches.reversed()) {
            branch.concerned |= branch.tooDeep;
            if (branch.below != null) {
                branch.below.concerned |= branch.concerned;
            }
            if (branch.concerned) {
                branch.targets = targets(branch, image -> true);
                branch.fewest = branch.targets.fewestFiles();
            }
        }
    }

    private void settle() {
        do {
            bound();
        } while (unsharing == null && !read());
        if (unsharing == null) {
            branches.reversed().forEach(this::solve);
        }
        branches.forEach(this::choose);
    }

    /** Finds how far each leaf can get, and what that leaves to the segments below it. */
    private void bound() {
        for (Branch branch : branches) {
            branch.fewestBelow = branch.below == null ? 0 : branch.below.fewestAtEnd();
            branch.room = Integer.MAX_VALUE;
        }
        for (Branch branch : branches.reversed()) {
            if (branch.tooDeep) {
                branch.room = Math.max(policy.maxDepth(), branch.fewestAtEnd());
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
        if (leaf.fewestAtEnd() <= policy.maxDepth()) {
            return;
        }
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
            boolean known = branch.splitter != null && branch.splitter.most() >= most;
            if (known || branch.room == Integer.MAX_VALUE || most < branch.fewest || branch.targets == null) {
                continue;
            }
            try {
                branch.splitter = splitter(branch, branch.targets, most);
            } catch (IOException e) {
                obstacles.put(branch.segment.last().ref(), Obstacles.of(e));
                branch.splitter = null;
                branch.fewest = branch.segment.size();
                return false;
            }
        }
        return true;
    }

    /** Of the segment's own layers. */
    private Splitter splitter(Branch branch, Targets targets, int most) throws IOException {
        List<ImageNode> chain = tree.chain(branch.segment.first().ref());
        Costs costs = costModel.of(branch.segment.layers(), 0, chain.subList(0, chain.size() - 1));
        return new Splitter(Groups.of(targets, costs), new int[] {0}, most);
    }

    private Targets targets(Branch branch, Predicate<ImageNode> hasRoom) {
        return new Targets(branch.segment.layers(), 0, tree, rule, policy.direction(), hasRoom);
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
                Price above = branch.wayAbove(below + files);
                price = above == null ? null : price.plus(above);
                if (price != null && (best == null || price.compareTo(best) < 0)) {
                    branch.cheapest[state] = price;
                    branch.files[state] = files;
                }
            }
        }
    }

    private void choose(Branch branch) {
        int state = branch.chosenBelow() - branch.fewestBelow;
        if (unsharing != null && branch.concerned) {
            unsharing.choose(branch);
        } else if (branch.room == Integer.MAX_VALUE) {
            branch.choose(branch.segment.size());
        } else if (state < branch.cheapest.length && branch.cheapest[state] != null) {
            branch.choose(branch.files[state]);
        } else {
            branch.choose(branch.fewest);
        }
    }
}
