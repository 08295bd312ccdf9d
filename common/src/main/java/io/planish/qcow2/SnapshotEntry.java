package io.planish.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;

/**
 * One internal snapshot (QEMU's {@code docs/interop/qcow2.rst}, «Snapshots»).
 *
 * <pre>
 * byte  0 -  7  host offset of its L1 table, aligned to a cluster
 *       8 - 11  number of entries of that table
 *      12 - 13  length of the id
 *      14 - 15  length of the name
 *      16 - 19  time taken, seconds since 1970
 *      20 - 23  time taken, nanoseconds
 *      24 - 31  time the guest had been running, nanoseconds
 *      32 - 35  size of the VM state in bytes, unless the extra data says more
 *      36 - 39  length of the extra data
 *      40 -     extra data: 8 bytes size of the VM state, 8 bytes virtual size, 8 bytes instruction count, unknown ones
 *      then     id, name, padding to 8
 * </pre>
 *
 * Big endian. The snapshot table is the entries one behind the other.
 *
 * @param virtualSizeBytes the disk's size when it was taken; {@link #NO_SIZE} where not recorded, so that it must be the image's own
 * @param instructionCount what the guest had executed; {@link #NO_COUNT} where not recorded
 */
public record SnapshotEntry(
        long l1Offset,
        int l1Entries,
        String id,
        String name,
        long dateSeconds,
        int dateNanos,
        long vmClockNanos,
        long vmStateBytes,
        long virtualSizeBytes,
        long instructionCount) {

    public static final long NO_COUNT = -1;
    public static final long NO_SIZE = -1;

    /** What {@link #lengthBytes} needs. */
    public static final int HEAD_BYTES = 40;
    /** QEMU's limit for the extra data. */
    public static final int MAX_EXTRA_BYTES = 1024;

    private static final int L1_ENTRIES = 8;
    private static final int ID_LENGTH = 12;
    private static final int NAME_LENGTH = 14;
    private static final int DATE_SECONDS = 16;
    private static final int DATE_NANOS = 20;
    private static final int VM_CLOCK = 24;
    private static final int VM_STATE = 32;
    private static final int EXTRA_LENGTH = 36;

    /** The whole entry's length with padding, from its first {@link #HEAD_BYTES} bytes; at most about 132 KiB; -1 if malformed. */
    public static int lengthBytes(ByteBuffer head) {
        int extra = head.getInt(EXTRA_LENGTH);
        if (extra < 0 || extra > MAX_EXTRA_BYTES) {
            return -1;
        }
        int length = HEAD_BYTES + extra + unsigned(head, ID_LENGTH) + unsigned(head, NAME_LENGTH);
        return (length + 7) / 8 * 8;
    }

    /** Reads an entry that starts the buffer and is all there. */
    public static SnapshotEntry decode(ByteBuffer entry) {
        int extra = entry.getInt(EXTRA_LENGTH);
        int idLength = unsigned(entry, ID_LENGTH);
        int idAt = HEAD_BYTES + extra;
        long vmState = extra >= 8 ? entry.getLong(HEAD_BYTES) : Integer.toUnsignedLong(entry.getInt(VM_STATE));
        return new SnapshotEntry(
                entry.getLong(0),
                entry.getInt(L1_ENTRIES),
                UTF_8.decode(entry.slice(idAt, idLength)).toString(),
                UTF_8.decode(entry.slice(idAt + idLength, unsigned(entry, NAME_LENGTH)))
                        .toString(),
                Integer.toUnsignedLong(entry.getInt(DATE_SECONDS)),
                entry.getInt(DATE_NANOS),
                entry.getLong(VM_CLOCK),
                vmState,
                extra >= 16 ? entry.getLong(HEAD_BYTES + 8) : NO_SIZE,
                extra >= 24 ? entry.getLong(HEAD_BYTES + 16) : NO_COUNT);
    }

    private static int unsigned(ByteBuffer entry, int at) {
        return Short.toUnsignedInt(entry.getShort(at));
    }
}
