package io.planish.plan;

import io.planish.chain.ImageRef;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Patterns for images: {@code *} and {@code ?} within one name, {@code **} across folders.
 *
 * <p>A pattern without a slash is held against the file's name alone, any other against both {@code path} and {@code pool/path}.
 */
final class Globs {
    private Globs() {}

    static boolean match(List<String> globs, ImageRef image) {
        for (String glob : globs) {
            Pattern pattern = compile(glob);
            if (glob.indexOf('/') < 0
                    ? matches(pattern, image.path().substring(image.path().lastIndexOf('/') + 1))
                    : matches(pattern, image.path()) || matches(pattern, image.toString())) {
                return true;
            }
        }
        return false;
    }

    static void check(List<String> globs) {
        for (String glob : globs) {
            if (glob.isBlank()) {
                throw new IllegalArgumentException("an empty pattern matches nothing");
            }
        }
    }

    private static boolean matches(Pattern pattern, String text) {
        return pattern.matcher(text).matches();
    }

    private static Pattern compile(String glob) {
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
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }
}
