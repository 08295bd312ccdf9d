package io.planish.plan;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.Problem;
import io.planish.job.SkipReason;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Finds the words for why a segment cannot become shorter. */
final class Obstacles {
    private Obstacles() {}

    /** The highest image of the segment that nothing may be pulled into, else the one that cannot be merged at all. */
    static Optional<Problem> of(Segment segment, Forest forest, SafetyRule rule) {
        List<ImageNode> layers = segment.layers();
        for (ImageNode layer : layers.subList(1, layers.size()).reversed()) {
            Optional<Problem> problem = rule.pullsInto(layer);
            if (problem.isPresent()) {
                return problem;
            }
        }
        return rule.endsView(layers.getFirst(), forest);
    }

    static Problem of(IOException failure) {
        SkipReason reason = SkipReason.UNREADABLE;
        if (failure instanceof ImageException e && e.kind() == ErrorKind.MALFORMED_IMAGE) {
            reason = SkipReason.CORRUPT;
        } else if (failure instanceof ImageException e && e.kind() == ErrorKind.UNSUPPORTED_FEATURE) {
            reason = SkipReason.UNSUPPORTED_FEATURE;
        }
        return new Problem(reason, String.valueOf(failure.getMessage()));
    }
}
