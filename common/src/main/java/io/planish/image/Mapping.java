package io.planish.image;

/**
 * What one layer says of the guest range {@code guestOffset .. guestOffset + lengthBytes}; contiguous on disk where it is data.
 *
 * @param hostOffset for {@code DATA} where the range's first byte stands in the file; for {@code COMPRESSED} the raw
 *     L2 entry; else -1
 */
public record Mapping(MappingKind kind, long guestOffset, long lengthBytes, long hostOffset) {}
