package io.planish.chain;

import java.util.List;
import java.util.Optional;

/**
 * What an image says of its backing file.
 *
 * @param asWritten the name in the header, as hypervisors understand it
 * @param image the file it leads to; empty: none that may be opened, the image's problems say why
 * @param alsoLeadsTo other files it may lead to, when the image is opened under another of its names or by rules that are not
 *     followed here; they count as having this overlay
 */
public record BackingLink(String asWritten, Optional<ImageRef> image, List<ImageRef> alsoLeadsTo) {
    public BackingLink {
        alsoLeadsTo = List.copyOf(alsoLeadsTo);
    }

    public static BackingLink to(String asWritten, ImageRef image) {
        return new BackingLink(asWritten, Optional.of(image), List.of());
    }
}
