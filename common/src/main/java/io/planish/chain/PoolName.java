package io.planish.chain;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The name of a storage pool: 1 to 63 of {@code a-z}, {@code 0-9} and {@code -}, so that it can stand in a topic's name. */
public record PoolName(@JsonValue String value) implements Comparable<PoolName> {
    private static final Pattern VALID = Pattern.compile("[a-z0-9-]{1,63}");

    @JsonCreator
    public PoolName {
        if (!VALID.matcher(value).matches()) {
            throw new IllegalArgumentException("pool name '" + value + "' is not 1 to 63 of a-z, 0-9 and -");
        }
    }

    @Override
    public int compareTo(PoolName other) {
        return value.compareTo(other.value);
    }

    /** By hand for the same reason as in {@link ImageRef}. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || other instanceof PoolName(String name) && value.equals(name);
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }

    @Override
    public String toString() {
        return value;
    }
}
