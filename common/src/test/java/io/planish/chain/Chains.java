package io.planish.chain;

import io.planish.job.SkipReason;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Reads drawings such as {@code base <- s1 <- [a, b <- c]} into images of the pool {@code p}, each with 64 KiB clusters.
 *
 * <p>What stands in braces after a name is said of that image: {@code base{500M raw}}. {@code 3 x (vm#{1M} <- disk#)} are three overlays
 * beside each other, {@code 3 of (s#)} three on top of each other; {@code #} is their number.
 */
public final class Chains {
    public static final long DISK_BYTES = 64L << 20;

    private static final Pattern REPEATED = Pattern.compile("(\\d+) (x|of) \\(([^()]*)\\)");

    private final String text;
    private int at;
    private final List<ImageNode> nodes = new ArrayList<>();
    private final Map<ImageRef, List<String>> said = new LinkedHashMap<>();

    private Chains(String text) {
        this.text = text;
    }

    public static Forest forest(String... drawings) {
        return Forest.of(nodes(drawings));
    }

    public static List<ImageNode> nodes(String... drawings) {
        List<ImageNode> all = new ArrayList<>();
        for (String drawing : drawings) {
            all.addAll(read(drawing).nodes);
        }
        return all;
    }

    /** The words in braces, by image. */
    public static Map<ImageRef, List<String>> said(String drawing) {
        return read(drawing).said;
    }

    private static Chains read(String drawing) {
        Chains chains = new Chains(repeated(drawing));
        chains.tree(Optional.empty());
        return chains;
    }

    private static String repeated(String drawing) {
        return REPEATED.matcher(drawing)
                .replaceAll(match -> Matcher.quoteReplacement(IntStream.rangeClosed(1, Integer.parseInt(match.group(1)))
                        .mapToObj(i -> match.group(3).replace("#", String.valueOf(i)))
                        .collect(Collectors.joining(match.group(2).equals("x") ? ", " : " <- "))));
    }

    public static ImageRef ref(String name) {
        return name.indexOf('/') < 0 ? new ImageRef(new PoolName("p"), name) : ImageRef.parse(name);
    }

    public static ImageNode node(String name, Optional<ImageRef> backing) {
        ImageRef ref = ref(name);
        return new ImageNode(
                ref,
                List.of(),
                new FileFacts("id-" + ref.pool(), Math.abs((long) ref.toString().hashCode()), 1, 1 << 20, 2, 3),
                ImageFormat.QCOW2,
                DISK_BYTES,
                65536,
                1 << 20,
                0,
                Use.FREE,
                backing.map(b -> BackingLink.to(b.path(), b)),
                Set.of(Trait.ZERO_CLUSTERS),
                List.of());
    }

    public static ImageNode with(ImageNode node, SkipReason reason) {
        return node.withProblem(new Problem(reason, node.ref() + " has " + reason));
    }

    private void tree(Optional<ImageRef> backing) {
        if (peek() == '[') {
            do {
                at++;
                tree(backing);
            } while (peek() == ',');
            at++;
            return;
        }
        int start = at;
        while (at < text.length() && " ,]{".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        ImageNode node = node(text.substring(start, at), backing);
        nodes.add(node);
        if (peek() == '{') {
            int end = text.indexOf('}', at);
            said.put(node.ref(), List.of(text.substring(at + 1, end).split(" ")));
            at = end + 1;
        }
        if (peek() == '<') {
            at += 2;
            tree(Optional.of(node.ref()));
        }
    }

    private char peek() {
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
        return at < text.length() ? text.charAt(at) : '\n';
    }
}
