package io.planish;

import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An operation on an image that could not be done: which image, what was found, and what to do about it.
 *
 * <p>The message is one line, {@code <image>: <what> (<what to do>)}. Pure decoders throw it without an image; the caller
 * that knows the name adds it with {@link #at(String)}.
 */
public final class ImageException extends IOException {
    private static final long serialVersionUID = 1L;

    private final ErrorKind kind;
    private final @Nullable String image;
    private final String what;
    private final String advice;

    public ImageException(ErrorKind kind, String what, String advice) {
        this(kind, null, what, advice, null);
    }

    public ImageException(ErrorKind kind, String image, String what, String advice) {
        this(kind, image, what, advice, null);
    }

    public ImageException(
            ErrorKind kind, @Nullable String image, String what, String advice, @Nullable Throwable cause) {
        super((image == null ? "" : image + ": ") + what + (advice.isEmpty() ? "" : " (" + advice + ")"), cause);
        this.kind = kind;
        this.image = image;
        this.what = what;
        this.advice = advice;
    }

    /** The same failure, naming {@code image} if no image was named yet. */
    public ImageException at(String image) {
        return this.image != null ? this : new ImageException(kind, image, what, advice, this);
    }

    /** The one line for people. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }

    public ErrorKind kind() {
        return kind;
    }

    public Optional<String> image() {
        return Optional.ofNullable(image);
    }

    public String what() {
        return what;
    }

    public String advice() {
        return advice;
    }
}
