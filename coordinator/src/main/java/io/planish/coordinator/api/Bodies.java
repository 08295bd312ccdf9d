package io.planish.coordinator.api;

import org.jspecify.annotations.Nullable;

/** What calls carry. */
final class Bodies {
    private Bodies() {}

    /** @throws IllegalArgumentException if there is none */
    static <T> T required(@Nullable T body) {
        if (body == null) {
            throw new IllegalArgumentException("a body of JSON is needed");
        }
        return body;
    }
}
