package io.planish.plan;

import java.util.Arrays;

/**
 * For each run of layers of a path that may become one file: the cheapest allowed target, and what that costs. Layers are told by their place on
 * the path, base first. Immutable.
 */
final class Groups {
    private static final long NONE = Long.MAX_VALUE;

    private final int own;
    /** {@code [top - own][lo]}; {@link #NONE}: they may not become one file. */
    private final long[][] bytes;

    private final long[][] cloned;
    private final long[][] extra;
    private final int[][] target;

    private Groups(int own, int layers) {
        this.own = own;
        this.bytes = new long[layers - own][];
        this.cloned = new long[layers - own][];
        this.extra = new long[layers - own][];
        this.target = new int[layers - own][];
        for (int top = own; top < layers; top++) {
            bytes[top - own] = new long[top];
            cloned[top - own] = new long[top];
            extra[top - own] = new long[top];
            target[top - own] = new int[top];
            Arrays.fill(bytes[top - own], NONE);
        }
    }

    static Groups of(Targets targets, Costs costs) {
        int layers = targets.path().size();
        Groups groups = new Groups(targets.own(), layers);
        groups.new Search(targets, costs).run(layers);
        return groups;
    }

    /** Of a path with so many layers that cannot be read: none may become one file. */
    static Groups none(int own, int layers) {
        return new Groups(own, layers);
    }

    int layers() {
        return own + bytes.length;
    }

    /** The first layer that may be a top. */
    int own() {
        return own;
    }

    /** Whether layers {@code lo..top}, two at least, may become one file. */
    boolean has(int lo, int top) {
        return bytes[top - own][lo] != NONE;
    }

    long bytes(int lo, int top) {
        return bytes[top - own][lo];
    }

    long extraBytes(int lo, int top) {
        return extra[top - own][lo];
    }

    Split.Merge merge(int lo, int top) {
        return new Split.Merge(lo, top, target[top - own][lo], bytes[top - own][lo], cloned[top - own][lo]);
    }

    Price price(int lo, int top) {
        return new Price(bytes[top - own][lo], 1, extra[top - own][lo]);
    }

    /** Goes through the tops from the lowest up, and through the layers below each from the top down. */
    private final class Search {
        private final Targets targets;
        private final Costs costs;
        /** The targets below the top that are still in question. */
        private final int[] live;

        private int alive;

        Search(Targets targets, Costs costs) {
            this.targets = targets;
            this.costs = costs;
            this.live = new int[targets.path().size()];
        }

        void run(int layers) {
            for (int top = 0; top < layers; top++) {
                costs.top(top);
                if (top >= own) {
                    upTo(top);
                }
            }
        }

        private void upTo(int top) {
            boolean pulls = targets.pullsInto(top);
            int[] below = targets.below(top);
            int next = 0;
            alive = 0;
            costs.include(top);
            for (int lo = top - 1; lo >= 0 && (pulls || alive > 0 || next < below.length); lo--) {
                costs.include(lo);
                dropThoseThatTakeNothingFromBelow();
                if (next < below.length && below[next] == lo) {
                    add(below[next++]);
                }
                choose(lo, top, pulls);
            }
        }

        private void dropThoseThatTakeNothingFromBelow() {
            int kept = 0;
            for (int i = 0; i < alive; i++) {
                if (targets.pullsInto(live[i])) {
                    live[kept++] = live[i];
                }
            }
            alive = kept;
        }

        /** One more possible target; where only the better of two can ever win, the other one goes. */
        private void add(int added) {
            boolean stays = targets.pullsInto(added);
            for (int i = 0; costs.isAdditive() && stays && i < alive; i++) {
                boolean alike = EvenCosts.saysZero(targets.path().get(live[i]))
                        == EvenCosts.saysZero(targets.path().get(added));
                if (alike) {
                    if (better(added, live[i])) {
                        live[i] = added;
                    }
                    return;
                }
            }
            live[alive++] = added;
        }

        /** Of two that are alike the higher one: fewer views end, and what is pulled can be had back from the trash. */
        private boolean better(int one, int other) {
            long more = costs.bytes(one) - costs.bytes(other);
            if (more == 0) {
                more = costs.extraBytes(one) - costs.extraBytes(other);
            }
            return more < 0 || more == 0 && one > other;
        }

        private void choose(int lo, int top, boolean pulls) {
            int best = pulls ? top : -1;
            for (int i = 0; i < alive; i++) {
                if (best < 0 || better(live[i], best)) {
                    best = live[i];
                }
            }
            if (best >= 0) {
                bytes[top - own][lo] = costs.bytes(best);
                cloned[top - own][lo] = costs.clonedBytes(best);
                extra[top - own][lo] = costs.extraBytes(best);
                target[top - own][lo] = best;
            }
        }
    }
}
