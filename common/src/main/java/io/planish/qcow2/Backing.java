package io.planish.qcow2;

import java.util.Optional;

/**
 * The backing link as it stands in a header, not resolved.
 *
 * @param name as written, the hypervisor's name; at most {@value #MAX_NAME_BYTES} bytes in UTF-8, no NUL
 * @param format the format extension, such as {@code qcow2} or {@code raw}; empty: none recorded, which is never guessed
 */
public record Backing(String name, Optional<String> format) {
    public static final int MAX_NAME_BYTES = 1023;
    public static final int MAX_FORMAT_BYTES = 15;

    public Backing(String name, String format) {
        this(name, Optional.of(format));
    }
}
