package io.planish.image;

import java.util.OptionalLong;

/**
 * One run of a chain's disk, with the meanings of {@code qemu-img map --output=json}.
 *
 * @param start guest offset in bytes
 * @param depth how many files below the top the answer comes from
 * @param present whether any layer owns the run
 * @param zero whether it reads as zeroes
 * @param data whether bytes of a file are read for it
 * @param offset where it stands in that layer's file
 */
public record Extent(
        long start,
        long length,
        int depth,
        boolean present,
        boolean zero,
        boolean data,
        boolean compressed,
        OptionalLong offset) {

    /** Whether {@code next}, which starts where this ends, says the same and goes on in the file. */
    boolean continuesWith(Extent next) {
        boolean contiguous = offset.isPresent()
                ? next.offset.isPresent() && next.offset.getAsLong() == offset.getAsLong() + length
                : next.offset.isEmpty();
        return contiguous
                && depth == next.depth
                && present == next.present
                && zero == next.zero
                && data == next.data
                && compressed == next.compressed;
    }

    Extent joined(Extent next) {
        return new Extent(start, length + next.length, depth, present, zero, data, compressed, offset);
    }
}
