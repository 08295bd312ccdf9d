package io.planish.plan;

import io.planish.chain.Forest;
import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How a leaf gets its own copy of what it shares with others above {@code base}: all in between becomes part of one file of its own.
 *
 * @param base what it goes on sharing; empty: nothing
 */
record Unsharing(Optional<ImageNode> base, ImageNode target, long bytes) {

    /**
     * The cheapest allowed way that leaves the leaf as many files as the policy wants.
     *
     * @param before the tree as it was scanned
     * @param now the tree after the jobs planned so far
     * @param contentOf for each file that such a job merged into: the image that showed its content before
     */
    static Optional<Unsharing> of(
            ImageNode leaf,
            Forest before,
            Forest now,
            Map<ImageRef, ImageRef> contentOf,
            Policy policy,
            SafetyRule rule,
            Ownership ownership)
            throws IOException {
        List<ImageNode> chain = now.chain(leaf.ref());
        boolean rawBase = chain.getFirst().format() == ImageFormat.RAW;
        int shared = Math.min(chain.size() - 1, Math.max(policy.maxDepth() - 1, rawBase ? 1 : 0));
        Optional<ImageNode> base = shared == 0 ? Optional.empty() : Optional.of(chain.get(shared - 1));
        List<ImageNode> original = before.chain(leaf.ref());
        int from = base.map(image -> contentOf.getOrDefault(image.ref(), image.ref()))
                .map(content -> position(original, content) + 1)
                .orElse(0);
        Segment run = new Segment(original.subList(from, original.size()), Optional.empty());
        return run.size() < 2
                ? Optional.empty()
                : new Splitter(run, new Layers(run.layers(), original.subList(0, from), ownership), before, rule)
                        .whole()
                        .map(merge -> new Unsharing(base, run.layers().get(merge.target()), merge.bytes()));
    }

    private static int position(List<ImageNode> chain, ImageRef image) {
        return IntStream.range(0, chain.size())
                .filter(i -> chain.get(i).ref().equals(image))
                .findFirst()
                .orElseThrow();
    }
}
