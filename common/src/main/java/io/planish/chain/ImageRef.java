package io.planish.chain;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/**
 * The address of an image everywhere: its pool and its path relative to the pool's root, written {@code pool/path}.
 *
 * <p>The path is normalised: no leading slash, no empty, {@code .} or {@code ..} segment.
 */
public record ImageRef(PoolName pool, String path) implements Comparable<ImageRef> {
    public ImageRef {
        int begin = 0;
        for (int end = 0; end <= path.length(); end++) {
            if (end == path.length() || path.charAt(end) == '/') {
                if (end == begin || isDots(path, begin, end)) {
                    throw new IllegalArgumentException(
                            "path '" + path + "' is not relative to its pool and normalised");
                }
                begin = end + 1;
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

    /** Whether the segment is {@code .} or {@code ..}. */
    private static boolean isDots(String path, int begin, int end) {
        return path.charAt(begin) == '.' && (end - begin == 1 || end - begin == 2 && path.charAt(begin + 1) == '.');
    }

    @Override
    public int compareTo(ImageRef other) {
        int pools = pool == other.pool ? 0 : pool.compareTo(other.pool);
        return pools != 0 ? pools : path.compareTo(other.path);
    }

    /** As a record's own, which takes several times as long until it is compiled; a scan asks for it some twenty times a file. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || other instanceof ImageRef(PoolName in, String at) && path.equals(at) && pool.equals(in);
    }

    @Override
    public int hashCode() {
        return 31 * pool.hashCode() + path.hashCode();
    }

    @JsonValue
    @Override
    public String toString() {
        return pool + "/" + path;
    }
}
