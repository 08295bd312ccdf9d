package io.planish.image;

import io.planish.ImageException;
import io.planish.qcow2.Malformed;

/**
 * Finds a zstd frame's end (RFC 8878), which an L2 entry does not tell: it counts whole sectors.
 *
 * <pre>
 * magic              4 bytes, 0xFD2FB528
 * frame header       1 byte descriptor: bits 6-7 content size flag, 5 single segment, 2 checksum, 0-1 dictionary id flag
 *                    window descriptor (1 byte unless single segment), dictionary id (0, 1, 2 or 4 bytes),
 *                    content size (0, 2, 4 or 8 bytes; 1 instead of 0 for a single segment)
 * blocks             3 bytes header: bit 0 last, 1-2 type, 3-23 size; then size bytes (1 for the run-length type)
 * checksum           4 bytes if announced
 * </pre>
 *
 * Little endian. A skippable frame is no part of a cluster and rejected, as is block type 3.
 */
final class ZstdFrame {
    private static final int MAGIC = 0xFD2FB528;
    private static final int RUN_LENGTH = 1;
    private static final int RESERVED = 3;

    private ZstdFrame() {}

    /** The length of the frame that starts at {@code start} and ends at most at {@code end}. */
    static int lengthBytes(byte[] input, int start, int end) throws ImageException {
        int at = start;
        need(at + 5 <= end);
        need(littleEndian(input, at, 4) == MAGIC);
        int descriptor = input[at + 4];
        boolean singleSegment = (descriptor & 0x20) != 0;
        int contentSizeFlag = descriptor >>> 6 & 3;
        int dictionaryFlag = descriptor & 3;
        at += 5;
        at += singleSegment ? 0 : 1;
        at += dictionaryFlag == 3 ? 4 : dictionaryFlag;
        at += contentSizeFlag == 0 ? (singleSegment ? 1 : 0) : 1 << contentSizeFlag;
        boolean last = false;
        while (!last) {
            need(at + 3 <= end);
            int block = littleEndian(input, at, 3);
            last = (block & 1) != 0;
            int type = block >>> 1 & 3;
            need(type != RESERVED);
            at += 3 + (type == RUN_LENGTH ? 1 : block >>> 3);
            need(at <= end);
        }
        at += (descriptor & 4) != 0 ? 4 : 0;
        need(at <= end);
        return at - start;
    }

    /** How many bytes the frame at {@code start} says it holds, {@link #lengthBytes} having found it whole; -1 if it does not say. */
    static long contentBytes(byte[] input, int start) {
        int descriptor = input[start + 4];
        boolean singleSegment = (descriptor & 0x20) != 0;
        int dictionaryFlag = descriptor & 3;
        int at = start + 5 + (singleSegment ? 0 : 1) + (dictionaryFlag == 3 ? 4 : dictionaryFlag);
        return switch (descriptor >>> 6 & 3) {
            case 0 -> singleSegment ? Byte.toUnsignedInt(input[at]) : -1;
            case 1 -> 256 + littleEndian(input, at, 2);
            case 2 -> Integer.toUnsignedLong(littleEndian(input, at, 4));
            default -> littleEndian(input, at + 4, 4) == 0 ? Integer.toUnsignedLong(littleEndian(input, at, 4)) : -1;
        };
    }

    private static int littleEndian(byte[] input, int at, int bytes) {
        int value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | Byte.toUnsignedInt(input[at + i]);
        }
        return value;
    }

    private static void need(boolean condition) throws ImageException {
        if (!condition) {
            throw Malformed.file("compressed cluster is not a whole zstd frame");
        }
    }
}
