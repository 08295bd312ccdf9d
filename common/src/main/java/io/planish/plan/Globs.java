package io.planish.plan;

import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Patterns for images: {@code *} and {@code ?} within one name, {@code **} across folders.
 *
 * <p>A pattern without a slash is held against the file's name alone, any other against both {@code path} and {@code pool/path}. One that
 * ends in a slash stands for everything below a folder; without a slash before that, below any folder of that name.
 */
final class Globs {
    private final List<Glob> globs;

    Globs(List<String> patterns) {
        globs = patterns.stream().map(Glob::of).toList();
    }

    /** The first pattern that the image matches. */
    Optional<String> match(ImageRef image) {
        for (Glob glob : globs) {
            if (glob.match(image)) {
                return Optional.of(glob.text);
            }
        }
        return Optional.empty();
    }

    /** The patterns that none of the images matches. */
    static List<String> unmatched(List<String> patterns, Collection<ImageNode> images) {
        return patterns.stream()
                .filter(pattern -> {
                    Glob glob = Glob.of(pattern);
                    return images.stream().noneMatch(image -> glob.match(image.ref()));
                })
                .toList();
    }

    /** @throws IllegalArgumentException naming the key whose pattern makes no sense */
    static void check(String key, List<String> patterns) {
        for (String pattern : patterns) {
            if (pattern.isBlank() || pattern.equals("/")) {
                throw new IllegalArgumentException(key + " has the pattern '" + pattern + "', which matches nothing");
            }
        }
    }

    /** @param nameOnly whether it is held against the file's name alone */
    private record Glob(String text, Pattern pattern, boolean nameOnly) {
        static Glob of(String glob) {
            boolean folder = glob.endsWith("/");
            String named = folder ? glob.substring(0, glob.length() - 1) : glob;
            boolean anywhere = named.indexOf('/') < 0;
            String prefix = folder && anywhere ? "(?:.*/)?" : "";
            String suffix = folder ? "/.*" : "";
            return new Glob(glob, Pattern.compile(prefix + regex(named) + suffix, Pattern.DOTALL), anywhere && !folder);
        }

        boolean match(ImageRef image) {
            String path = image.path();
            return nameOnly
                    ? pattern.matcher(path.substring(path.lastIndexOf('/') + 1)).matches()
                    : pattern.matcher(path).matches()
                            || pattern.matcher(image.toString()).matches();
        }

        private static String regex(String glob) {
            StringBuilder regex = new StringBuilder();
            for (int i = 0; i < glob.length(); i++) {
                char c = glob.charAt(i);
                if (c == '*' && i + 1 < glob.length() && glob.charAt(i + 1) == '*') {
                    regex.append(".*");
                    i++;
                } else if (c == '*') {
                    regex.append("[^/]*");
                } else if (c == '?') {
                    regex.append("[^/]");
                } else {
                    regex.append(Pattern.quote(String.valueOf(c)));
                }
            }
            return regex.toString();
        }
    }
}
