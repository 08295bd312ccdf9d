package io.planish.scan;

import io.planish.chain.FileFacts;
import io.planish.chain.Trait;
import io.planish.qcow2.Backing;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One remembered head, as a record of bytes, big-endian:
 *
 * <pre>
 * size
 *    2  length of all that follows
 *   40  inode, birth time, size, modification time, change time
 *    1  bit 0: is an image, bit 1: has a backing file, bit 2: of a recorded format
 *    2  traits, by the bit of their ordinal
 *   12  virtual size, granularity
 *    2  length of the backing name, and the name in UTF-8
 *    1  length of its format, and the format
 * </pre>
 */
final class HeadCodec {
    /** The longest record: names and formats are at most 1023 and 15 bytes. */
    static final int MAX_BYTES = 2 + 40 + 3 + 12 + 2 + 3 * Backing.MAX_NAME_BYTES + 1 + 3 * Backing.MAX_FORMAT_BYTES;

    private static final int MIN_BYTES = 2 + 40 + 3 + 12 + 2 + 1;
    private static final int IMAGE = 1;
    private static final int BACKING = 2;
    private static final int FORMAT = 4;

    private HeadCodec() {}

    /** What the records mean beyond their layout; others than these are of another version of Planish. */
    static String meaning() {
        return "2 " + EnumSet.allOf(Trait.class);
    }

    static byte[] encode(FileFacts facts, FileHead head) {
        ByteBuffer out = ByteBuffer.allocate(MAX_BYTES).position(2);
        out.putLong(facts.inode()).putLong(facts.birthTimeNanos()).putLong(facts.sizeBytes());
        out.putLong(facts.mtimeNanos()).putLong(facts.ctimeNanos());
        Optional<String> format = head.backing().flatMap(Backing::format);
        out.put((byte) ((head.isImage() ? IMAGE : 0)
                | (head.backing().isPresent() ? BACKING : 0)
                | (format.isPresent() ? FORMAT : 0)));
        int traits = 0;
        for (Trait trait : head.traits()) {
            traits |= 1 << trait.ordinal();
        }
        out.putShort((short) traits).putLong(head.virtualSizeBytes()).putInt(head.clusterSizeBytes());
        byte[] name = bytes(head.backing().map(Backing::name));
        out.putShort((short) name.length).put(name);
        byte[] formatName = bytes(format);
        out.put((byte) formatName.length).put(formatName);
        out.putShort(0, (short) (out.position() - 2));
        byte[] record = new byte[out.position()];
        out.flip().get(record);
        return record;
    }

    private static byte[] bytes(Optional<String> text) {
        return text.orElse("").getBytes(StandardCharsets.UTF_8);
    }

    /** How many records there are; 0 if what there is is not whole records. */
    static int count(ByteBuffer records) {
        int count = 0;
        int at = 0;
        while (at < records.limit()) {
            if (records.limit() - at < MIN_BYTES || length(records, at) < MIN_BYTES) {
                return 0;
            }
            at += length(records, at);
            count++;
        }
        return at == records.limit() ? count : 0;
    }

    /** Whether the record at this place is of a file with these facts. */
    static boolean matches(ByteBuffer records, int at, FileFacts facts) {
        return records.getLong(at + 2) == facts.inode()
                && records.getLong(at + 10) == facts.birthTimeNanos()
                && records.getLong(at + 18) == facts.sizeBytes()
                && records.getLong(at + 26) == facts.mtimeNanos()
                && records.getLong(at + 34) == facts.ctimeNanos();
    }

    static long inode(ByteBuffer records, int at) {
        return records.getLong(at + 2);
    }

    /** The bytes that the record at this place takes. */
    static int length(ByteBuffer records, int at) {
        return 2 + Short.toUnsignedInt(records.getShort(at));
    }

    static FileHead head(ByteBuffer records, int at) {
        ByteBuffer in = records.slice(at + 42, length(records, at) - 42);
        int flags = in.get();
        if ((flags & IMAGE) == 0) {
            return FileHead.NO_IMAGE;
        }
        int traitBits = in.getShort();
        Set<Trait> traits = EnumSet.noneOf(Trait.class);
        for (Trait trait : Trait.values()) {
            if ((traitBits & 1 << trait.ordinal()) != 0) {
                traits.add(trait);
            }
        }
        long virtualSize = in.getLong();
        int granularity = in.getInt();
        String name = text(in, Short.toUnsignedInt(in.getShort()));
        String format = text(in, Byte.toUnsignedInt(in.get()));
        Optional<Backing> backing = (flags & BACKING) == 0
                ? Optional.empty()
                : Optional.of(new Backing(name, (flags & FORMAT) == 0 ? Optional.empty() : Optional.of(format)));
        return new FileHead(true, virtualSize, granularity, backing, traits, List.of());
    }

    private static String text(ByteBuffer in, int length) {
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
