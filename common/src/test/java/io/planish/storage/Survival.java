package io.planish.storage;

import java.util.Random;

/** How much of what was not durable is there after a power loss. */
enum Survival {
    NOTHING,
    EVERYTHING,
    /** The newest version of some, any version of others. */
    SOME;

    /** Seed 0: nothing, seed 1: everything, any other: some. */
    static Survival of(long seed) {
        if (seed == 0) {
            return NOTHING;
        }
        return seed == 1 ? EVERYTHING : SOME;
    }

    /** One file may be all there while of another nothing is. */
    Survival forOneFile(Random random) {
        return this == SOME ? values()[random.nextInt(3)] : this;
    }

    /** Which of so many versions is there, the durable one being 0. */
    int pick(int versions, Random random) {
        return switch (this) {
            case NOTHING -> 0;
            case EVERYTHING -> versions - 1;
            case SOME -> random.nextInt(versions);
        };
    }
}
