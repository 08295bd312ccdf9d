package io.planish.storage;

import java.util.Random;
import java.util.Set;

/** How much of what was not durable is there after a power loss. */
abstract class Survival {
    private long signature = 1;

    /** Seed 0: nothing, seed 1: everything, any other: some, of one file all, of another nothing, of a third any version of each sector. */
    static Survival of(long seed) {
        if (seed == 0) {
            return new OfSteps(Set.of());
        }
        return seed == 1 ? new Everything() : new Some(new Random(seed));
    }

    /** What these steps did, and nothing else. */
    static Survival of(Set<Long> steps) {
        return new OfSteps(steps);
    }

    /** Now comes another file. */
    void nextFile() {}

    /**
     * Which version is there.
     *
     * @param madeBy for each of them the moment of the step that made it, the durable one, with any number, first
     */
    final int pick(long[] madeBy) {
        if (madeBy.length == 1) {
            return 0;
        }
        int picked = choose(madeBy);
        signature = signature * 0x9E3779B97F4A7C15L + picked + 1;
        return picked;
    }

    /** Whether something that the step of this moment did is there. */
    final boolean keeps(long madeBy) {
        return pick(new long[] {0, madeBy}) == 1;
    }

    abstract int choose(long[] madeBy);

    /** Whether operations on names may only be missing from the end. */
    boolean inOrder() {
        return false;
    }

    /** Equal for equal choices. */
    final long signature() {
        return signature;
    }

    private static final class Everything extends Survival {
        @Override
        int choose(long[] madeBy) {
            return madeBy.length - 1;
        }
    }

    private static final class OfSteps extends Survival {
        private final Set<Long> steps;

        OfSteps(Set<Long> steps) {
            this.steps = steps;
        }

        @Override
        int choose(long[] madeBy) {
            int newest = madeBy.length - 1;
            while (newest > 0 && !steps.contains(madeBy[newest])) {
                newest--;
            }
            return newest;
        }
    }

    private static final class Some extends Survival {
        private final Random random;
        private final boolean inOrder;
        private int how;

        Some(Random random) {
            this.random = random;
            this.inOrder = random.nextBoolean();
        }

        @Override
        void nextFile() {
            how = random.nextInt(3);
        }

        @Override
        int choose(long[] madeBy) {
            return switch (how) {
                case 0 -> 0;
                case 1 -> madeBy.length - 1;
                default -> random.nextInt(madeBy.length);
            };
        }

        /** Most filesystems keep the order of such operations, but none has promised to. */
        @Override
        boolean inOrder() {
            return inOrder;
        }
    }
}
