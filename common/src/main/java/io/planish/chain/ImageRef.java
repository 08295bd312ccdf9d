package io.planish.chain;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Comparator;

/**
 * The address of an image everywhere: its pool and its path relative to the pool's root, written {@code pool/path}.
 *
 * <p>The path is normalised: no leading slash, no empty, {@code .} or {@code ..} segment.
 */
public record ImageRef(PoolName pool, String path) implements Comparable<ImageRef> {
    private static final Comparator<ImageRef> ORDER =
            Comparator.comparing(ImageRef::pool).thenComparing(ImageRef::path);

    public ImageRef {
        for (String segment : path.split("/", -1)) {
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
                throw new IllegalArgumentException("path '" + path + "' is not relative to its pool and normalised");
            }
        }
    }

    /** Reads {@code pool/path}. */
    @JsonCreator
    public static ImageRef parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("'" + text + "' is not pool/path");
        }
        return new ImageRef(new PoolName(text.substring(0, slash)), text.substring(slash + 1));
    }

    @Override
    public int compareTo(ImageRef other) {
        return ORDER.compare(this, other);
    }

    @JsonValue
    @Override
    public String toString() {
        return pool + "/" + path;
    }
}
