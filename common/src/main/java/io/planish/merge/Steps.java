package io.planish.merge;

import java.io.IOException;

/** The steps that bring one target to where it alone, over its new backing file, shows what it has to show. */
public interface Steps {
    /** The guest offset at which the work is complete. */
    long endOffset();

    /**
     * The step for the range that starts at {@code offset}, a cluster boundary of the target below {@link #endOffset}.
     *
     * @param maxLengthBytes a bound on the length of a step that is not {@link Step.Skip}, at least one cluster
     */
    Step at(long offset, long maxLengthBytes) throws IOException;
}
