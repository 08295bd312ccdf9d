package io.planish.plan;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the cheapest plan for a tree in which each image may get its own copy of what it shares.
 *
 * <p>In the end a chain consists of files, each told by its <em>top</em>, the highest image that is part of it, and each standing on the one before. A
 * file is written once for all chains it is part of; images that no chain needs any more stay as they are, and cost nothing. What matters to the images
 * above some place are the files below it that they can stand on: for each depth the highest one, unless one that is less deep is higher still. With
 * these {@code tops}, {@code t1 < t2 < …}:
 *
 * <pre>
 *   way(i, tops) = the least of
 *     way(i + 1, tops)                                  i is part of a file above it, or nobody needs it
 *     group(t(d-1) + 1, i) + way(i + 1, t1 … t(d-1), i)     i is the top of a file, d files deep
 *   way(fork, tops) = sum of way(first image above, tops) over all that stands on it
 *   way(leaf, tops) = the least of group(t(d-1) + 1, leaf), d within the bound
 * </pre>
 *
 * <p>A file on which others stand is less deep than the deepest chain may be, so that for a depth of 1 there are no tops, for 2 one, and so on. Where the tops that can
 * be come to more than {@link #mostWays}, only the cheapest are followed.
 */
final class Unsharing {
    private static final long STEPS = 50_000_000;
    private static final long LEAST_WAYS = 32;
    private static final int[] NOTHING = {};

    private final UnsharedPaths paths;
    private final Map<Branch, Integer> bounds = new IdentityHashMap<>();
    private final Map<Branch, Map<List<Integer>, Optional<Way>>> known = new IdentityHashMap<>();
    private final int mostTops;
    private final int mostWays;

    /** @param price of the split and of all that stands above */
    private record Way(Price price, Split split) {}

    /** What the least way is for a segment and all above, if these files stand below it. */
    private static final class Question {
        private final Branch branch;
        private final List<Integer> tops;
        /** What may stand at its end. */
        private @Nullable List<Files> ends;

        Question(Branch branch, List<Integer> tops) {
            this.branch = branch;
            this.tops = tops;
        }
    }

    /** Files as they may stand below some place. */
    private record Files(
            List<Integer> tops, Price price, @Nullable Files before, Split.@Nullable Merge last) {
        Split split() {
            List<Split.Merge> merges = new ArrayList<>();
            for (Files at = this; at != null; at = at.before()) {
                if (at.last() != null) {
                    merges.add(at.last());
                }
            }
            return new Split(merges.reversed(), price);
        }
    }

    /** @param branches each after the one below it */
    Unsharing(List<Branch> branches, int maxDepth, UnsharedPaths paths) {
        this.paths = paths;
        Map<Branch, int[]> fewest = new IdentityHashMap<>();
        long steps = 1;
        int deepest = maxDepth;
        for (Branch branch : branches) {
            if (branch.concerned) {
                int[] files = fewestFiles(
                        branch, branch.below == null ? NOTHING : fewest.getOrDefault(branch.below, NOTHING));
                fewest.put(branch, files);
                steps += (long) branch.segment.size() * files.length;
                if (branch.tooDeep) {
                    bounds.put(branch, Math.max(maxDepth, files[files.length - 1]));
                    deepest = Math.max(deepest, bounds.get(branch));
                }
            }
        }
        this.mostTops = deepest - 1;
        this.mostWays = (int) Math.max(LEAST_WAYS, STEPS / (steps * deepest));
    }

    /** How few files there can be up to each place on the chain. */
    private int[] fewestFiles(Branch branch, int[] below) {
        Groups groups = paths.groups(branch);
        int[] fewest = Arrays.copyOf(below, groups.layers());
        for (int top = groups.own(); top < fewest.length; top++) {
            fewest[top] = top == 0 ? 1 : fewest[top - 1] + 1;
            for (int lo = 0; lo < top; lo++) {
                if (groups.has(lo, top)) {
                    fewest[top] = Math.min(fewest[top], lo == 0 ? 1 : fewest[lo - 1] + 1);
                }
            }
        }
        return fewest;
    }

    /** How many files a leaf's chain is to have at most. */
    int bound(Branch leaf) {
        return bounds.getOrDefault(leaf, Integer.MAX_VALUE);
    }

    /** Chooses for a segment that has to do with a leaf that is too deep, given what was chosen for those below it. */
    void choose(Branch branch) {
        List<Integer> tops = branch.below == null ? List.of() : branch.below.tops();
        Optional<Split> split =
                way(branch, tops.stream().limit(mostTops).toList()).map(Way::split);
        for (int most = bound(branch); branch.tooDeep && split.isEmpty() && most < branch.filesNow(); most++) {
            split = paths.best(branch, tops, most);
        }
        branch.unshare(split.orElse(Split.NONE));
    }

    /** Answers what has to be known first before what is asked, without recursion: trees may fork at every level. */
    private Optional<Way> way(Branch branch, List<Integer> tops) {
        Deque<Question> open = new ArrayDeque<>(List.of(new Question(branch, tops)));
        while (!open.isEmpty()) {
            Question at = open.peek();
            Map<List<Integer>, Optional<Way>> answers = answers(at.branch);
            if (answers.containsKey(at.tops) || open.size() > 1 && answers.size() >= mostWays) {
                open.pop();
            } else if (at.branch.tooDeep) {
                answers.put(
                        at.tops,
                        paths.best(at.branch, at.tops, bound(at.branch)).map(split -> new Way(split.price(), split)));
            } else if (at.ends == null) {
                at.ends = ways(at.branch, at.tops);
                at.ends
                        .reversed()
                        .forEach(files -> at.branch.above.stream()
                                .filter(above -> above.concerned)
                                .forEach(above -> open.push(new Question(above, files.tops()))));
            } else {
                answers.put(at.tops, best(at.branch, at.ends));
            }
        }
        return answers(branch).getOrDefault(tops, Optional.empty());
    }

    private Map<List<Integer>, Optional<Way>> answers(Branch branch) {
        return known.computeIfAbsent(branch, absent -> new HashMap<>());
    }

    private Optional<Way> best(Branch branch, List<Files> ends) {
        Way best = null;
        for (Files files : ends) {
            Price price = withAllAbove(files, branch);
            if (price != null && (best == null || price.compareTo(best.price()) < 0)) {
                best = new Way(price, files.split());
            }
        }
        return Optional.ofNullable(best);
    }

    private @Nullable Price withAllAbove(Files files, Branch branch) {
        Price price = files.price();
        for (Branch above : branch.above) {
            if (above.concerned) {
                Optional<Way> way = answers(above).getOrDefault(files.tops(), Optional.empty());
                if (way.isEmpty()) {
                    return null;
                }
                price = price.plus(way.get().price());
            }
        }
        return price;
    }

    /** What may stand at the end of a trunk, and the cheapest way to each. */
    private List<Files> ways(Branch branch, List<Integer> below) {
        Groups groups = paths.groups(branch);
        List<Files> ways = List.of(new Files(below, Price.NOTHING, null, null));
        for (int image = groups.own(); image < groups.layers(); image++) {
            Map<List<Integer>, Files> next = new LinkedHashMap<>();
            for (Files files : ways) {
                int last = files.tops().isEmpty() ? -1 : files.tops().getLast();
                if (last != image - 1 || files.tops().size() == mostTops) {
                    next.merge(files.tops(), files, Unsharing::cheaper);
                }
                for (int deep = 0; deep <= files.tops().size() && deep < mostTops; deep++) {
                    int lo = deep == 0 ? 0 : files.tops().get(deep - 1) + 1;
                    if (lo == image || groups.has(lo, image)) {
                        Files more = with(files, deep, lo, image, groups);
                        next.merge(more.tops(), more, Unsharing::cheaper);
                    }
                }
            }
            Stream<Files> all = next.values().stream();
            ways = next.size() <= mostWays
                    ? all.toList()
                    : all.sorted(Comparator.comparing(Files::price))
                            .limit(mostWays)
                            .toList();
        }
        return ways;
    }

    private static Files with(Files files, int below, int lo, int image, Groups groups) {
        List<Integer> tops = Stream.concat(files.tops().stream().limit(below), Stream.of(image))
                .toList();
        return lo == image
                ? new Files(tops, files.price(), files.before(), files.last())
                : new Files(tops, files.price().plus(groups.price(lo, image)), files, groups.merge(lo, image));
    }

    private static Files cheaper(Files one, Files other) {
        return other.price().compareTo(one.price()) < 0 ? other : one;
    }
}
