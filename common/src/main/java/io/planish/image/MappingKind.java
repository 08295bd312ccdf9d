package io.planish.image;

/** What one layer says of a guest range. */
public enum MappingKind {
    /** Nothing: the backing file answers, or zeroes where there is none. */
    UNALLOCATED,
    /** Zeroes, whatever lies below. */
    ZERO,
    /** Bytes at a host offset of the layer's own file. */
    DATA,
    /** One compressed cluster. */
    COMPRESSED
}
