package io.planish.qcow2;

import io.planish.ImageException;
import io.planish.qcow2.L2Entry.Kind;

/**
 * The second half of an extended (128-bit) L2 entry (QEMU's {@code docs/interop/qcow2.rst}, «Extended L2 Entries»), handled as a
 * bare {@code long}: what each of the cluster's 32 subclusters is. The first half is an {@link L2Entry} whose bit 0 is always 0.
 *
 * <pre>
 * bit   0 - 31  subcluster 0 - 31 is allocated: its data stands in the host cluster, at its place
 *      32 - 63  subcluster 0 - 31 reads as zeroes
 * </pre>
 *
 * Big endian on disk, behind the first half. The two bits of a subcluster exclude each other; without a host cluster none is
 * allocated; for a compressed cluster all bits are 0. A host cluster may have no allocated subcluster at all (preallocation).
 */
public final class Subclusters {
    /** How many subclusters a cluster has. */
    public static final int COUNT = 32;
    /** Nothing: the backing file answers for all subclusters, unless the cluster is compressed. */
    public static final long NONE = 0;

    private static final long LOW = 0xffff_ffffL;

    private Subclusters() {}

    /** The bits of allocated subclusters {@code from .. to}, without {@code to}. */
    public static long allocated(int from, int to) {
        return (LOW >>> (COUNT - (to - from))) << from;
    }

    /** The bits of zero subclusters {@code from .. to}, without {@code to}. */
    public static long zero(int from, int to) {
        return allocated(from, to) << COUNT;
    }

    /** {@code bitmap} where nothing is said of subclusters {@code from .. to}, without {@code to}. */
    public static long without(long bitmap, int from, int to) {
        return bitmap & ~(allocated(from, to) | zero(from, to));
    }

    /** Whether any subcluster has data in the host cluster. */
    public static boolean anyAllocated(long bitmap) {
        return (bitmap & LOW) != 0;
    }

    /** What one subcluster is, of a sound entry. */
    public static Kind kind(long entry, long bitmap, int subcluster) {
        if (L2Entry.isCompressed(entry)) {
            return Kind.COMPRESSED;
        }
        if ((bitmap >>> subcluster & 1) != 0) {
            return Kind.STANDARD;
        }
        if ((bitmap >>> (COUNT + subcluster) & 1) == 0) {
            return Kind.UNALLOCATED;
        }
        return L2Entry.hostOffset(entry) == 0 ? Kind.ZERO_PLAIN : Kind.ZERO_ALLOCATED;
    }

    /** How many subclusters from this one on have the same bits, up to the cluster's end. */
    public static int alike(long bitmap, int subcluster) {
        int allocated = run((int) bitmap, subcluster);
        int zero = run((int) (bitmap >>> COUNT), subcluster);
        return Math.min(allocated, zero);
    }

    private static int run(int bits, int from) {
        int rest = bits >> from;
        int differing = (rest & 1) == 0 ? rest : ~rest;
        return Math.min(COUNT - from, Integer.numberOfTrailingZeros(differing));
    }

    /**
     * Fails if the bits contradict each other or the entry, whose first half is sound and of this kind.
     *
     * @param entryOffset where the entry stands in the file, for the message
     */
    public static void check(Kind kind, long bitmap, long entryOffset) throws ImageException {
        if ((bitmap & LOW & bitmap >>> COUNT) != 0) {
            throw malformed(bitmap, entryOffset, "no subcluster that is both allocated and zero");
        }
        if (kind == Kind.COMPRESSED && bitmap != NONE) {
            throw malformed(bitmap, entryOffset, "0 for a compressed cluster");
        }
        if (kind == Kind.UNALLOCATED && anyAllocated(bitmap)) {
            throw malformed(bitmap, entryOffset, "no allocated subcluster without a host cluster");
        }
    }

    private static ImageException malformed(long bitmap, long entryOffset, String expected) {
        return Malformed.at(entryOffset + Long.BYTES, "subcluster bitmap", Malformed.hex(bitmap), expected);
    }
}
