package io.planish.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Finds a layout of cluster 0 that differs from the current one, outside of sector 0, only in bytes that the current header
 * does not use. Tried in this order: the extensions as wanted; with a stale backing format left in; without the
 * feature name table, which only describes.
 */
final class HeaderPlacement {
    static final int SECTOR_BYTES = 512;

    private final byte[] current;
    private final Header header;
    private final ByteBuffer sector;
    private final byte[] name;
    private final boolean nameStays;

    HeaderPlacement(
            ByteBuffer current, Header header, ByteBuffer sector, Optional<Backing> backing, boolean backingChanged) {
        this.current = new byte[current.remaining()];
        current.get(0, this.current);
        this.header = header;
        this.sector = sector;
        this.name = backing.map(b -> b.name().getBytes(UTF_8)).orElse(new byte[0]);
        this.nameStays = !backingChanged
                || backing.map(Backing::name).equals(header.backing().map(Backing::name));
    }

    List<HeaderWrite> writes(List<Extension> wanted) throws ImageException {
        if (name.length > Backing.MAX_NAME_BYTES) {
            throw refused("the backing name has " + name.length + " bytes, at most 1023 can be stored");
        }
        for (List<Extension> extensions : candidates(wanted)) {
            Optional<byte[]> next = place(extensions);
            if (next.isPresent()) {
                return difference(next.get());
            }
        }
        throw refused("the changed header has no place in the first cluster of " + current.length
                + " bytes beside the current one");
    }

    private List<List<Extension>> candidates(List<Extension> wanted) {
        List<List<Extension>> candidates = new ArrayList<>();
        candidates.add(wanted);
        if (name.length == 0 && header.extension(Extension.BACKING_FORMAT).isPresent()) {
            List<Extension> stale = new ArrayList<>();
            for (Extension extension : header.extensions()) {
                if (extension.type() == Extension.BACKING_FORMAT || wanted.contains(extension)) {
                    stale.add(extension);
                }
            }
            if (stale.size() == wanted.size() + 1) {
                candidates.add(stale);
            }
        }
        candidates.add(
                wanted.stream().filter(e -> e.type() != Extension.FEATURE_NAMES).toList());
        return candidates;
    }

    private Optional<byte[]> place(List<Extension> extensions) {
        int end = header.lengthBytes() + Extension.HEAD_BYTES;
        for (Extension extension : extensions) {
            end += extension.totalBytes();
        }
        if (end > current.length) {
            return Optional.empty();
        }
        for (int at : namePlaces(end)) {
            if (at < end || at + name.length > current.length) {
                continue;
            }
            byte[] next = build(extensions, end, at);
            if (isSafe(next)) {
                return Optional.of(next);
            }
        }
        return Optional.empty();
    }

    private int[] namePlaces(int end) {
        int behindExtensions = Math.max(end, header.extensionsEndOffset());
        int behindName = Math.max(end, header.backingNameOffset() + header.backingNameBytes());
        int behindSector = Math.max(behindExtensions, SECTOR_BYTES);
        return nameStays
                ? new int[] {header.backingNameOffset(), end, behindExtensions, behindName, behindSector}
                : new int[] {end, behindExtensions, behindName, behindSector};
    }

    private byte[] build(List<Extension> extensions, int end, int nameAt) {
        byte[] next = current.clone();
        System.arraycopy(sector.array(), 0, next, 0, Math.min(header.lengthBytes(), SECTOR_BYTES));
        if (end < SECTOR_BYTES) {
            Arrays.fill(next, end, SECTOR_BYTES, (byte) 0);
        }
        ByteBuffer buffer = ByteBuffer.wrap(next).order(ByteOrder.BIG_ENDIAN);
        int at = header.lengthBytes();
        boolean unmoved = true;
        for (int i = 0; i < extensions.size(); i++) {
            Extension extension = extensions.get(i);
            unmoved &=
                    i < header.extensions().size() && header.extensions().get(i).equals(extension);
            if (!unmoved) {
                Arrays.fill(next, at, at + extension.totalBytes(), (byte) 0);
                buffer.putInt(at, extension.type())
                        .putInt(at + 4, extension.dataBytes().length)
                        .put(at + Extension.HEAD_BYTES, extension.dataBytes());
            }
            at += extension.totalBytes();
        }
        boolean endStands = unmoved
                && extensions.size() == header.extensions().size()
                && header.extensionsEndOffset() == at + Extension.HEAD_BYTES;
        if (!endStands) {
            buffer.putLong(at, 0);
        }
        System.arraycopy(name, 0, next, nameAt, name.length);
        buffer.putLong(HeaderLayout.BACKING_OFFSET, name.length == 0 ? 0 : nameAt);
        buffer.putInt(HeaderLayout.BACKING_LENGTH, name.length);
        return next;
    }

    /** Whether every byte that changes outside of sector 0 is one that the current header does not use. */
    private boolean isSafe(byte[] next) {
        int nameStart = header.backingNameOffset();
        int nameEnd = nameStart + header.backingNameBytes();
        for (int i = SECTOR_BYTES; i < next.length; i++) {
            boolean used = i < header.extensionsEndOffset() || (i >= nameStart && i < nameEnd);
            if (used && next[i] != current[i]) {
                return false;
            }
        }
        return true;
    }

    private List<HeaderWrite> difference(byte[] next) {
        List<HeaderWrite> writes = new ArrayList<>();
        int from = SECTOR_BYTES;
        int to = next.length;
        while (from < to && next[from] == current[from]) {
            from++;
        }
        while (to > from && next[to - 1] == current[to - 1]) {
            to--;
        }
        if (from < to) {
            writes.add(new HeaderWrite(from, ByteBuffer.wrap(next, from, to - from)));
        }
        if (!Arrays.equals(next, 0, SECTOR_BYTES, current, 0, SECTOR_BYTES)) {
            writes.add(new HeaderWrite(0, ByteBuffer.wrap(next, 0, SECTOR_BYTES)));
        }
        return writes;
    }

    private static ImageException refused(String what) {
        return new ImageException(ErrorKind.UNSUPPORTED_FEATURE, what, "use a shorter backing name");
    }
}
