package io.planish.qcow2;

import static io.planish.qcow2.Malformed.hex;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads and checks one header, field by field in file order. */
final class HeaderDecoder {
    private final ByteBuffer head;
    private final long fileSizeBytes;
    /** Where the first cluster ends, or the file. */
    private int end;

    HeaderDecoder(ByteBuffer firstCluster, long fileSizeBytes) {
        this.head = firstCluster.slice().order(ByteOrder.BIG_ENDIAN);
        this.fileSizeBytes = fileSizeBytes;
    }

    static int clusterBits(ByteBuffer prefix) throws ImageException {
        ByteBuffer head = prefix.slice().order(ByteOrder.BIG_ENDIAN);
        if (!Header.hasMagic(head)) {
            throw Malformed.file("not a QCOW2 file");
        }
        if (head.remaining() < Header.PREFIX_BYTES) {
            throw truncated(head.remaining(), Header.PREFIX_BYTES);
        }
        int version = head.getInt(HeaderLayout.VERSION);
        if (version == Marks.PLSH) {
            throw new ImageException(ErrorKind.UNSUPPORTED_FEATURE, "not supported: " + Marks.POISONED, "");
        }
        if (version != 2 && version != 3) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED_FEATURE,
                    "not supported: QCOW version " + Integer.toUnsignedString(version),
                    "versions 2 and 3 are");
        }
        int bits = head.getInt(HeaderLayout.CLUSTER_BITS);
        if (bits < Geometry.MIN_CLUSTER_BITS || bits > Geometry.MAX_CLUSTER_BITS) {
            throw Malformed.at(
                    HeaderLayout.CLUSTER_BITS,
                    "cluster bits",
                    Integer.toUnsignedString(bits),
                    Geometry.MIN_CLUSTER_BITS + " to " + Geometry.MAX_CLUSTER_BITS);
        }
        return bits;
    }

    /** @throws IndexOutOfBoundsException if there is more of the header than was given */
    Header decode() throws ImageException {
        int clusterBits = clusterBits(head);
        int version = head.getInt(HeaderLayout.VERSION);
        end = (int) Math.min(1L << clusterBits, fileSizeBytes);
        head.limit(Math.min(head.limit(), end));
        int length = version == 2 ? HeaderLayout.V2_BYTES : headerLength();
        long incompatible = version == 2 ? 0 : head.getLong(HeaderLayout.INCOMPATIBLE);
        long compatible = version == 2 ? 0 : head.getLong(HeaderLayout.COMPATIBLE);
        long autoclear = version == 2 ? 0 : head.getLong(HeaderLayout.AUTOCLEAR);
        Geometry geometry = geometry(clusterBits, version, incompatible);

        int nameOffset = nameOffset(length);
        int nameBytes = nameOffset == 0 ? 0 : nameLength(nameOffset);
        List<Extension> extensions = new ArrayList<>();
        int extensionsEnd = extensions(length, nameOffset == 0 ? end : nameOffset, extensions);
        Optional<Backing> backing = nameBytes == 0 ? Optional.empty() : backing(nameOffset, nameBytes, extensions);

        Header header = new Header(
                version,
                geometry,
                head.getLong(HeaderLayout.VIRTUAL_SIZE) & -Header.SECTOR_BYTES,
                encryption(),
                head.getLong(HeaderLayout.L1_OFFSET),
                head.getInt(HeaderLayout.L1_ENTRIES),
                head.getLong(HeaderLayout.REFCOUNT_TABLE_OFFSET),
                head.getInt(HeaderLayout.REFCOUNT_TABLE_CLUSTERS),
                head.getLong(HeaderLayout.SNAPSHOT_OFFSET),
                head.getInt(HeaderLayout.SNAPSHOT_COUNT),
                incompatible,
                compatible,
                autoclear,
                compressionType(length, incompatible),
                length,
                extensions,
                extensionsEnd,
                nameOffset,
                nameBytes,
                backing,
                bitmaps(autoclear, extensions, geometry));
        HeaderTables.check(header, fileSizeBytes);
        return header;
    }

    private int headerLength() throws ImageException {
        if (end < HeaderLayout.V3_MIN_BYTES) {
            throw truncated(end, HeaderLayout.V3_MIN_BYTES);
        }
        int length = head.getInt(HeaderLayout.HEADER_LENGTH);
        if (length < HeaderLayout.V3_MIN_BYTES || length > end || length % 8 != 0) {
            throw Malformed.at(
                    HeaderLayout.HEADER_LENGTH,
                    "header length",
                    Integer.toUnsignedString(length),
                    "a multiple of 8 from 104 up to the first cluster's end");
        }
        return length;
    }

    private Geometry geometry(int clusterBits, int version, long incompatible) throws ImageException {
        int order = version == 2 ? 4 : head.getInt(HeaderLayout.REFCOUNT_ORDER);
        if (order < 0 || order > 6) {
            throw Malformed.at(
                    HeaderLayout.REFCOUNT_ORDER, "refcount order", Integer.toUnsignedString(order), "0 to 6");
        }
        boolean extended = (incompatible & Features.EXTENDED_L2) != 0;
        if (extended && clusterBits < 14) {
            throw Malformed.at(
                    HeaderLayout.CLUSTER_BITS, "cluster bits with extended L2 entries", "" + clusterBits, "14 to 21");
        }
        return new Geometry(clusterBits, 1 << order, extended ? Geometry.EXTENDED_L2_ENTRY_BYTES : Long.BYTES);
    }

    private int encryption() throws ImageException {
        int method = head.getInt(HeaderLayout.ENCRYPTION);
        if (method < 0 || method > 2) {
            throw Malformed.at(
                    HeaderLayout.ENCRYPTION, "encryption method", Integer.toUnsignedString(method), "0 to 2");
        }
        return method;
    }

    private int compressionType(int length, long incompatible) throws ImageException {
        int type = length > HeaderLayout.COMPRESSION_TYPE
                ? Byte.toUnsignedInt(head.get(HeaderLayout.COMPRESSION_TYPE))
                : 0;
        boolean announced = (incompatible & Features.COMPRESSION_TYPE) != 0;
        if (announced != (type != 0)) {
            throw Malformed.at(
                    HeaderLayout.COMPRESSION_TYPE,
                    "compression type",
                    "" + type,
                    announced ? "not 0, by its incompatible bit" : "0, without its incompatible bit");
        }
        return type;
    }

    private int nameOffset(int headerLength) throws ImageException {
        long offset = head.getLong(HeaderLayout.BACKING_OFFSET);
        if (offset != 0 && (offset < headerLength || offset > end)) {
            throw Malformed.at(
                    HeaderLayout.BACKING_OFFSET,
                    "backing name's offset",
                    hex(offset),
                    "behind the header and inside the first cluster");
        }
        return (int) offset;
    }

    private int nameLength(int offset) throws ImageException {
        int length = head.getInt(HeaderLayout.BACKING_LENGTH);
        if (length < 0 || length > Backing.MAX_NAME_BYTES || length > end - offset) {
            throw Malformed.at(
                    HeaderLayout.BACKING_LENGTH,
                    "backing name's length",
                    Integer.toUnsignedString(length),
                    "at most 1023 and inside the first cluster");
        }
        return length;
    }

    /** Reads the list from {@code start} and returns where it ends. */
    private int extensions(int start, int listEnd, List<Extension> into) throws ImageException {
        Set<Integer> seen = new HashSet<>();
        int at = start;
        while (listEnd - at >= Extension.HEAD_BYTES) {
            int type = head.getInt(at);
            if (type == Extension.END) {
                return at + Extension.HEAD_BYTES;
            }
            int length = head.getInt(at + 4);
            if (length < 0 || length > listEnd - at - Extension.HEAD_BYTES) {
                throw Malformed.at(
                        at + 4,
                        "length of header extension " + hex(Integer.toUnsignedLong(type)),
                        Integer.toUnsignedString(length),
                        "at most " + (listEnd - at - Extension.HEAD_BYTES));
            }
            if (!seen.add(type)) {
                throw Malformed.at(
                        at, "header extension", "a second " + hex(Integer.toUnsignedLong(type)), "each type once");
            }
            Extension extension = new Extension(type, head.slice(at + Extension.HEAD_BYTES, length));
            into.add(extension);
            at = (int) Math.min(listEnd, (long) at + extension.totalBytes());
        }
        return at;
    }

    private Optional<Backing> backing(int offset, int length, List<Extension> extensions) throws ImageException {
        Optional<String> format = Optional.empty();
        for (Extension extension : extensions) {
            if (extension.type() == Extension.BACKING_FORMAT) {
                ByteBuffer data = extension.data();
                if (data.remaining() > Backing.MAX_FORMAT_BYTES) {
                    throw Malformed.file("backing format has " + data.remaining() + " bytes, expected at most 15");
                }
                format = Optional.of(text(data, "backing format")).filter(f -> !f.isEmpty());
            }
        }
        return Optional.of(new Backing(text(head.slice(offset, length), "backing name"), format));
    }

    /** A name goes to the operating system and to a terminal: one that no file name should hold is refused. */
    private static String text(ByteBuffer bytes, String what) throws ImageException {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(bytes)
                    .toString();
            if (text.chars().anyMatch(Character::isISOControl)) {
                throw Malformed.file(what + " holds a control character");
            }
            return text;
        } catch (CharacterCodingException e) {
            throw Malformed.file(what + " is not UTF-8");
        }
    }

    private Optional<BitmapsExtension> bitmaps(long autoclear, List<Extension> extensions, Geometry geometry)
            throws ImageException {
        if ((autoclear & Features.BITMAPS) == 0) {
            return Optional.empty();
        }
        for (Extension extension : extensions) {
            if (extension.type() == Extension.BITMAPS) {
                return Optional.of(BitmapsExtension.decode(extension.data(), geometry, fileSizeBytes));
            }
        }
        throw Malformed.at(HeaderLayout.AUTOCLEAR, "bitmaps bit", "set", "clear, without a bitmaps extension");
    }

    private static ImageException truncated(int found, int expected) {
        return Malformed.file("header is truncated: " + found + " bytes, expected at least " + expected);
    }
}
