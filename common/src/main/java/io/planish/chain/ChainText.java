package io.planish.chain;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Draws chains the way the field does: base first, {@code base <- a <- b}, and forks as {@code base <- [a, b]}. */
public final class ChainText {
    private static final String ARROW = " <- ";

    private ChainText() {}

    /** One chain; a file that other overlays use too stands in brackets: {@code [base] <- a}. */
    public static String chain(Forest forest, ImageRef top, Function<ImageNode, String> name) {
        return forest.chain(top).stream()
                .map(node -> forest.overlays(node.ref()).size() > 1 ? "[" + name.apply(node) + "]" : name.apply(node))
                .collect(Collectors.joining(ARROW));
    }

    /** Everything that hangs on {@code root}: {@code base <- s1 <- [a, b <- c]}. */
    public static String tree(Forest forest, ImageRef root, Function<ImageNode, String> name) {
        StringBuilder text = new StringBuilder();
        ImageNode at = forest.node(root).orElseThrow();
        List<ImageNode> overlays = forest.overlays(at.ref());
        while (overlays.size() == 1) {
            text.append(name.apply(at)).append(ARROW);
            at = overlays.getFirst();
            overlays = forest.overlays(at.ref());
        }
        text.append(name.apply(at));
        if (!overlays.isEmpty()) {
            text.append(ARROW)
                    .append(overlays.stream()
                            .map(overlay -> tree(forest, overlay.ref(), name))
                            .collect(Collectors.joining(", ", "[", "]")));
        }
        return text.toString();
    }
}
