package io.planish.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One segment and what {@link Choices} has found out about it. */
final class Branch {
    final Segment segment;
    final @Nullable Branch below;
    final List<Branch> above = new ArrayList<>();

    /** Files that its chain has below it now. */
    final int filesBelow;
    /** Whether a leaf that is to become shorter stands at its end, or above. */
    boolean concerned;
    /** Whether its leaf is to become shorter. */
    boolean tooDeep;
    /** Whether it may get its own copy of what it shares with others: then it is split together with all below it. */
    boolean unshares;

    @Nullable
    Targets targets;
    /** How few files its layers can become. */
    int fewest;
    /** How few files the layers below can become. */
    int fewestBelow;
    /**
     * How many files may stand below it so that each leaf above gets where it can get; {@link Integer#MAX_VALUE}: any number.
     */
    int room = Integer.MAX_VALUE;
    /** How many files it may become at most. */
    int most;

    @Nullable
    Splitter splitter;
    /** The cheapest way for it and all above, by the number of files below it less {@link #fewestBelow}; null: there is none. */
    @Nullable
    Price[] cheapest = {};
    /** How many files it becomes in that way. */
    int[] files = {};

    /** How many files its chain has at its end. */
    int chosenAtEnd;
    /** The way to that: merges of its own layers or, if it {@link #unshares}, of its whole chain. */
    Split split = Split.NONE;

    Branch(Segment segment, @Nullable Branch below) {
        this.segment = segment;
        this.below = below;
        this.filesBelow = below == null ? 0 : below.filesBelow + below.segment.size();
        this.fewest = segment.size();
        if (below != null) {
            below.above.add(this);
        }
    }

    int filesNow() {
        return filesBelow + segment.size();
    }

    int fewestAtEnd() {
        return fewestBelow + fewest;
    }

    int chosenBelow() {
        return below == null ? 0 : below.chosenAtEnd;
    }

    /** What it costs by itself to become so many files. */
    Optional<Price> price(int files) {
        if (files == segment.size()) {
            return Optional.of(Price.NOTHING);
        }
        return splitter == null ? Optional.empty() : splitter.price(files);
    }

    /** Becomes so many files, for which there is a price. */
    void choose(int files) {
        chosenAtEnd = chosenBelow() + files;
        split = splitter == null || files == segment.size() ? Split.NONE : splitter.split(files);
    }

    /** Becomes, in this way, so many files together with those below it. */
    void become(int files, Split way) {
        chosenAtEnd = files;
        split = way;
    }

    /** Its whole chain is split in this way, its own layers with a copy of what they need from below. */
    void unshare(Split way) {
        unshares = true;
        split = way;
        chosenAtEnd = tops().size();
    }

    /** What it costs for it and all above if so many files stand below it; null: then it cannot be done. */
    @Nullable
    Price way(int filesBelow) {
        if (room == Integer.MAX_VALUE) {
            return Price.NOTHING;
        }
        int state = filesBelow - fewestBelow;
        return state < cheapest.length ? cheapest[state] : null;
    }

    /** The same for all that stands on its end. */
    @Nullable
    Price wayAbove(int filesAtEnd) {
        Price sum = Price.NOTHING;
        for (Branch branch : above) {
            Price way = branch.way(filesAtEnd);
            if (way == null) {
                return null;
            }
            sum = sum.plus(way);
        }
        return sum;
    }

    /** The places on its chain of the highest layer of each file that stands there in the end. */
    List<Integer> tops() {
        List<Branch> path = new ArrayList<>();
        for (Branch branch = this; branch != null; branch = branch.below) {
            path.add(branch);
        }
        List<Integer> tops = new ArrayList<>();
        path.reversed().forEach(branch -> branch.standOn(tops));
        return tops;
    }

    /** Adds its own; what it has a copy of it no longer stands on. */
    private void standOn(List<Integer> tops) {
        boolean copies = unshares && !split.merges().isEmpty();
        int from = copies ? Math.min(filesBelow, split.merges().getFirst().lo()) : filesBelow;
        int first = copies ? -from : 0;
        boolean[] inside = new boolean[filesNow() - from];
        for (Split.Merge merge : split.merges()) {
            Arrays.fill(inside, first + merge.lo(), first + merge.top(), true);
        }
        while (!tops.isEmpty() && tops.getLast() >= from) {
            tops.removeLast();
        }
        for (int layer = 0; layer < inside.length; layer++) {
            if (!inside[layer]) {
                tops.add(from + layer);
            }
        }
    }
}
