package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Which layers of a path may become the target of which group, by the safety rule and the policy's direction; decided without a look at
 * what any image owns. Layers are told by their place on the path, base first.
 *
 * <p>Not thread-safe: it remembers what it has been asked.
 */
final class Targets {
    private final List<ImageNode> path;
    private final int own;
    private final Forest forest;
    private final SafetyRule rule;
    private final Direction direction;
    private final Predicate<ImageNode> hasRoom;
    private final boolean[] ends;
    private final boolean[] pullable;
    private final int[] @Nullable [] below;

    /**
     * @param own the first layer that may be a target; what stands below it is shared, and at most pulled from
     * @param hasRoom which layers could be written as far as room goes
     */
    Targets(
            List<ImageNode> path,
            int own,
            Forest forest,
            SafetyRule rule,
            Direction direction,
            Predicate<ImageNode> hasRoom) {
        this.path = path;
        this.own = own;
        this.forest = forest;
        this.rule = rule;
        this.direction = direction;
        this.hasRoom = hasRoom;
        this.ends = new boolean[path.size()];
        for (int i = own; i < path.size() - 1; i++) {
            ends[i] = rule.endsView(path.get(i), forest).isEmpty();
        }
        this.below = new int[path.size()][];
        this.pullable = new boolean[path.size()];
        for (int i = own; i < path.size(); i++) {
            pullable[i] = direction != Direction.COMMIT
                    && hasRoom.test(path.get(i))
                    && rule.pullsInto(path.get(i)).isEmpty();
        }
    }

    /** Whether what lies below {@code top}, from wherever, may be pulled up into it. */
    boolean pullsInto(int top) {
        return pullable[top];
    }

    List<ImageNode> path() {
        return path;
    }

    int own() {
        return own;
    }

    /** The layers below {@code top} into which all above them up to {@code top} may be committed, highest first. */
    int[] below(int top) {
        int[] found = below[top];
        if (found == null) {
            found = direction == Direction.PULL ? new int[0] : committable(top);
            below[top] = found;
        }
        return found;
    }

    /** How few files the layers from {@link #own} on can become. */
    int fewestFiles() {
        int n = path.size();
        int[] fewest = new int[n + 1];
        for (int top = own; top < n; top++) {
            int files = pullable[top] ? 0 : fewest[top];
            for (int target : files == 0 ? new int[0] : below(top)) {
                files = Math.min(files, pullable[target] ? 0 : fewest[target]);
            }
            fewest[top + 1] = files + 1;
        }
        return fewest[n];
    }

    private int[] committable(int top) {
        boolean[] may = new boolean[top];
        ImageNode topImage = path.get(top);
        if (top > own && rule.continuesBelow(topImage, forest).isPresent()) {
            return new int[0];
        }
        for (int target = top - 1; target >= own && ends[target]; target--) {
            ImageNode image = path.get(target);
            may[target] = hasRoom.test(image)
                    && rule.commitsInto(image, path.subList(target + 1, top + 1))
                            .isEmpty()
                    && rule.takesNameOf(image, topImage, forest).isEmpty();
            if (rule.goesDown(image).isPresent()) {
                break;
            }
        }
        int[] ascending = IntStream.range(0, top).filter(i -> may[i]).toArray();
        int[] descending = new int[ascending.length];
        Arrays.setAll(descending, i -> ascending[ascending.length - 1 - i]);
        return descending;
    }
}
