package io.planish.plan;

/** Which way the data of a group of layers may move when they become one file. */
public enum Direction {
    /** Whichever way writes least: the target may be any layer of the group. */
    AUTO,
    /** Down only: the target is the lowest layer of its group. */
    COMMIT,
    /** Up only: the target is the highest layer of its group, and what any image shows stays the same throughout. */
    PULL
}
