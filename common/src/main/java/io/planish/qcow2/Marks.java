package io.planish.qcow2;

import java.nio.ByteBuffer;

/**
 * What Planish writes into a header while a commit is under way and after it.
 *
 * <p><b>Half merged</b>: the image's own view has ended, a commit into it is not finished. Version 3: compatible feature bit
 * 63, which other programs keep and pass over. Version 2, which has no feature bits: an empty header extension of type
 * {@code PLSH}. With it stands autoclear bit 63, in version 3, which every other program clears when it opens the image for writing, though
 * not where it had opened it for reading before: so it is mostly known whether one has.
 *
 * <p><b>Poisoned</b>: a leftover of a commit that nobody may open again, so that a VM that had opened the file just
 * before its lock was taken fails instead of writing to it. Version 3: incompatible feature bit 63, which every other
 * program refuses. Version 2: the version field is {@code PLSH}, which every other program refuses.
 */
public final class Marks {
    static final int PLSH = 0x504C5348;
    static final long HALF_MERGED_BIT = 1L << 63;
    static final long UNTOUCHED_BIT = 1L << 63;
    static final long POISON_BIT = 1L << 63;
    static final String POISONED = "left over from a finished commit, its content is no longer valid";

    private Marks() {}

    public static boolean isHalfMerged(Header header) {
        return header.version() >= 3
                ? (header.compatibleFeatures() & HALF_MERGED_BIT) != 0
                : header.extension(PLSH).isPresent();
    }

    /** Whether the mark of an image with this header tells when another program opens the image for writing. */
    public static boolean tellOfOthers(Header header) {
        return header.version() >= 3;
    }

    /** Whether another program has opened a half-merged image for writing since it was marked; false where marks do not tell. */
    public static boolean isTouched(Header header) {
        return tellOfOthers(header)
                && (header.compatibleFeatures() & HALF_MERGED_BIT) != 0
                && (header.autoclearFeatures() & UNTOUCHED_BIT) == 0;
    }

    /** Whether a version 3 header is poisoned; a poisoned version 2 header does not decode, see {@link #isPoisoned(ByteBuffer)}. */
    public static boolean isPoisoned(Header header) {
        return (header.incompatibleFeatures() & POISON_BIT) != 0;
    }

    /** Whether the file that starts with these bytes is poisoned, in any version. */
    public static boolean isPoisoned(ByteBuffer head) {
        if (head.remaining() < HeaderLayout.V2_BYTES || head.getInt(head.position()) != HeaderLayout.MAGIC) {
            return false;
        }
        int version = head.getInt(head.position() + HeaderLayout.VERSION);
        return version == PLSH
                || (version == 3
                        && head.remaining() >= HeaderLayout.V3_MIN_BYTES
                        && (head.getLong(head.position() + HeaderLayout.INCOMPATIBLE) & POISON_BIT) != 0);
    }
}
