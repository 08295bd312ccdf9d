package io.planish.cli;

import io.planish.chain.Forest;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Images by the names that the user of one image knows them by: the files of its chain as they are opened, all others by their paths. What the
 * engine says names them by their places in pools, which are the folders of the chain here and nobody's idea.
 */
final class UserNames {
    private final Workspace workspace;
    private final Map<ImageRef, String> opened = new HashMap<>();

    UserNames(Workspace workspace, List<LocalChain.Link> links) throws IOException {
        this.workspace = workspace;
        for (LocalChain.Link link : links) {
            opened.putIfAbsent(workspace.ref(link.path()), link.name());
        }
    }

    String of(ImageRef image) {
        String name = opened.get(image);
        return name != null
                ? name
                : workspace
                        .pools()
                        .get(image.pool())
                        .root()
                        .resolve(image.path())
                        .toString();
    }

    /** What was said, with these names instead. */
    String in(String sentence, Forest forest) {
        List<ImageRef> named = new ArrayList<>();
        for (ImageNode node : forest.nodes()) {
            if (sentence.contains(node.ref().toString())) {
                named.add(node.ref());
            }
        }
        named.sort(
                Comparator.comparing((ImageRef ref) -> ref.toString().length()).reversed());
        String said = sentence;
        for (ImageRef ref : named) {
            said = Pattern.compile("(?<![\\w./-])" + Pattern.quote(ref.toString()) + "(?!\\w|[./-]\\w)")
                    .matcher(said)
                    .replaceAll(Matcher.quoteReplacement(of(ref)));
        }
        return said;
    }
}
