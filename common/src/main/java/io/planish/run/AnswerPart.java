package io.planish.run;

/**
 * A piece of what a worker has found out in a pool, on its way through the grid to whoever asked.
 *
 * @param last whether the answer ends with it
 * @param bytes not to be changed
 */
public record AnswerPart(int version, boolean last, byte[] bytes) {
    public static final int VERSION = 1;
}
