package io.planish.plan;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One segment and what {@link Choices} has found out about it. */
final class Branch {
    final Segment segment;
    final @Nullable Branch below;

    /** Files that its chain has below it now. */
    final int filesBelow;
    /** Whether a leaf that is to become shorter stands at its end, or above. */
    boolean concerned;
    /** Whether its leaf is to become shorter. */
    boolean tooDeep;
    /** Whether its leaf gets its own copy of what it shares, so that what stands below does not depend on it. */
    boolean unshares;

    @Nullable
    Targets targets;
    /** How few files its layers can become. */
    int fewest;
    /** How few files the layers below can become. */
    int fewestBelow;
    /** How many files may stand below it so that each leaf above gets where it can get; {@link Integer#MAX_VALUE}: any number. */
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
    /** How many files it becomes. */
    int chosen;

    Split split = Split.NONE;

    Branch(Segment segment, @Nullable Branch below) {
        this.segment = segment;
        this.below = below;
        this.filesBelow = below == null ? 0 : below.filesBelow + below.segment.size();
        this.fewest = segment.size();
        this.chosen = segment.size();
    }

    int filesNow() {
        return filesBelow + segment.size();
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
        chosen = files;
        split = splitter == null || files == segment.size() ? Split.NONE : splitter.split(files);
    }

    /** How many files stand below it once all segments there are what they were chosen to be. */
    int chosenBelow() {
        int files = 0;
        for (Branch at = below; at != null; at = at.below) {
            files += at.chosen;
        }
        return files;
    }
}
