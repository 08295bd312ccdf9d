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
import java.util.stream.Stream;

/** Finds the words for why a segment cannot become shorter. */
final class Obstacles {
    private Obstacles() {}

    /** Going down from the top, the first image that does not allow what the policy's direction needs of it. */
    static Optional<Problem> of(Segment segment, Forest forest, SafetyRule rule, Direction direction) {
        List<ImageNode> layers = segment.layers();
        List<ImageNode> upper = layers.subList(1, layers.size()).reversed();
        Stream<Optional<Problem>> pulling = upper.stream().map(rule::pullsInto);
        Stream<Optional<Problem>> committing = layers.subList(0, layers.size() - 1).reversed().stream()
                .map(layer -> rule.endsView(layer, forest).or(() -> rule.goesDown(layer)));
        Stream<Optional<Problem>> inTheWay = switch (direction) {
            case PULL -> pulling;
            case COMMIT -> committing;
            case AUTO -> Stream.concat(pulling, committing);
        };
        return inTheWay.flatMap(Optional::stream).findFirst();
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
