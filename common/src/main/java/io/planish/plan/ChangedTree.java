package io.planish.plan;

import io.planish.chain.ImageRef;
import java.util.List;

/**
 * Images that hang together, of which some are not what a plan saw.
 *
 * @param jobs ids of all jobs of the plan in this tree that are still to be done, in the plan's order
 * @param changes what is no longer as the plan saw it; at least one
 */
public record ChangedTree(List<String> jobs, List<Change> changes) {
    public ChangedTree {
        jobs = List.copyOf(jobs);
        changes = List.copyOf(changes);
    }

    /** One difference; {@code what} is a sentence about the image. */
    public record Change(ImageRef image, String what) {}
}
