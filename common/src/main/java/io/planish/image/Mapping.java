package io.planish.image;

/**
 * What one layer says of the guest range {@code guestOffset .. guestOffset + lengthBytes}; contiguous on disk where it has a place.
 *
 * @param hostOffset for {@code DATA} where the range's first byte stands in the file, for {@code ZERO} the place that is kept for
 *     it, if there is one; for {@code COMPRESSED} the raw L2 entry; else -1
 */
public record Mapping(MappingKind kind, long guestOffset, long lengthBytes, long hostOffset) {}
