package io.planish.storage;

import static io.planish.storage.SectorMap.SECTOR_BYTES;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is behind a name: content with all that is not durable of it, and attributes. */
final class SimulatedInode {
    /** Older undurable versions of a much rewritten sector are forgotten. */
    private static final int MAX_VERSIONS = 8;

    final long number;
    final FileStatus.Type type;
    final long birthTimeNanos;

    private final SectorMap sectors;
    private final Map<Long, Unsynced> unsynced;
    private long sizeBytes;
    private List<Size> sizesSinceSync;
    private Attributes attributes;
    private Attributes durableAttributes;
    private Times times;
    private Times durableTimes;

    /** Each content that a sector may have on disk, the durable one first, the newest last, and when each was made; null is a hole. */
    private record Unsynced(byte[] @Nullable [] versions, long[] madeBy) {
        Unsynced with(byte @Nullable [] content, long now) {
            byte[] @Nullable [] more = Arrays.copyOf(versions, versions.length + 1);
            long[] moments = Arrays.copyOf(madeBy, madeBy.length + 1);
            more[versions.length] = content;
            moments[versions.length] = now;
            if (more.length > MAX_VERSIONS) {
                System.arraycopy(more, 2, more, 1, more.length - 2);
                System.arraycopy(moments, 2, moments, 1, moments.length - 2);
                more = Arrays.copyOf(more, MAX_VERSIONS);
                moments = Arrays.copyOf(moments, MAX_VERSIONS);
            }
            return new Unsynced(more, moments);
        }
    }

    /** As it was from a moment on. */
    private record Size(long bytes, long since) {}

    private record Times(long modifiedNanos, long changedNanos) {}

    record Attributes(int mode, int uid, int gid, Map<String, String> extended) {}

    SimulatedInode(long number, FileStatus.Type type, int mode, long nowNanos) {
        this.number = number;
        this.type = type;
        this.birthTimeNanos = nowNanos;
        sectors = new SectorMap();
        unsynced = new LinkedHashMap<>();
        sizesSinceSync = List.of(new Size(0, 0));
        attributes = new Attributes(mode, 0, 0, Map.of());
        durableAttributes = attributes;
        times = new Times(nowNanos, nowNanos);
        durableTimes = times;
    }

    private SimulatedInode(SimulatedInode other) {
        number = other.number;
        type = other.type;
        birthTimeNanos = other.birthTimeNanos;
        sectors = other.sectors.fork();
        unsynced = new LinkedHashMap<>(other.unsynced);
        sizeBytes = other.sizeBytes;
        sizesSinceSync = other.sizesSinceSync;
        attributes = other.attributes;
        durableAttributes = other.durableAttributes;
        times = other.times;
        durableTimes = other.durableTimes;
    }

    /** A copy that shares what is not written again. */
    SimulatedInode fork() {
        return new SimulatedInode(this);
    }

    /**
     * What the disk may hold when the power goes now: of each sector, of the size and of the times, one of the versions since
     * they were last made durable.
     */
    SimulatedInode afterPowerLoss(Survival survival) {
        SimulatedInode after = fork();
        survival.nextFile();
        after.keepOnly(survival);
        if (!after.attributes.equals(durableAttributes) && !survival.keeps(times.changedNanos)) {
            after.attributes = durableAttributes;
        }
        after.durableAttributes = after.attributes;
        if (!times.equals(durableTimes) && !survival.keeps(times.changedNanos)) {
            after.times = durableTimes;
        }
        after.durableTimes = after.times;
        return after;
    }

    /** Of each sector and of the size one version remains, as if nothing else had ever been written. */
    private void keepOnly(Survival survival) {
        unsynced.forEach((sector, u) -> sectors.put(sector, u.versions[survival.pick(u.madeBy)]));
        unsynced.clear();
        // beyond the present end there may be sectors again that a truncation had taken away
        List<Size> sizes = sizesSinceSync;
        sizeBytes = sizes.stream().mapToLong(Size::bytes).max().orElseThrow();
        resizeTo(sizes.get(survival.pick(sizes.stream().mapToLong(Size::since).toArray())).bytes, 0);
        sizesSinceSync = List.of(new Size(sizeBytes, 0));
        unsynced.clear();
    }

    /** The moments of all that is not durable. */
    void collectUndurable(Set<Long> moments) {
        unsynced.values().forEach(u -> Arrays.stream(u.madeBy).skip(1).forEach(moments::add));
        sizesSinceSync.stream().skip(1).forEach(size -> moments.add(size.since));
        if (!times.equals(durableTimes)) {
            moments.add(times.changedNanos);
        }
    }

    long sizeBytes() {
        return sizeBytes;
    }

    Attributes attributes() {
        return attributes;
    }

    void read(ByteBuffer into, long offset) {
        long position = offset;
        while (into.hasRemaining()) {
            int within = (int) (position % SECTOR_BYTES);
            int length = Math.min(SECTOR_BYTES - within, into.remaining());
            byte[] sector = position < sizeBytes ? sectors.get(position / SECTOR_BYTES) : null;
            into.put(sector == null ? new byte[length] : Arrays.copyOfRange(sector, within, within + length));
            position += length;
        }
    }

    void write(ByteBuffer from, long offset, long nowNanos) {
        long position = offset;
        while (from.hasRemaining()) {
            int within = (int) (position % SECTOR_BYTES);
            int length = Math.min(SECTOR_BYTES - within, from.remaining());
            byte[] old = sectors.get(position / SECTOR_BYTES);
            byte[] sector = old == null ? new byte[SECTOR_BYTES] : old.clone();
            from.get(sector, within, length);
            change(position / SECTOR_BYTES, sector, nowNanos);
            position += length;
        }
        if (position > sizeBytes) {
            resizeTo(position, nowNanos);
        }
        modified(nowNanos);
    }

    /** The sectors become those of another file, which they share from now on. Offsets and length are whole sectors. */
    void share(SimulatedInode other, long otherOffset, long offset, long lengthBytes, long nowNanos) {
        for (long at = 0; at < lengthBytes; at += SECTOR_BYTES) {
            change((offset + at) / SECTOR_BYTES, other.sectors.get((otherOffset + at) / SECTOR_BYTES), nowNanos);
        }
        if (offset + lengthBytes > sizeBytes) {
            resizeTo(offset + lengthBytes, nowNanos);
        }
        modified(nowNanos);
    }

    /** A sector that both files had written for themselves is not shared, whatever is in it. */
    boolean shares(SimulatedInode other, long otherOffset, long offset, long lengthBytes) {
        for (long at = 0; at < lengthBytes; at += SECTOR_BYTES) {
            if (sectors.get((offset + at) / SECTOR_BYTES) != other.sectors.get((otherOffset + at) / SECTOR_BYTES)) {
                return false;
            }
        }
        return true;
    }

    void punch(long offset, long lengthBytes, long nowNanos) {
        zero(offset, Math.min(Math.addExact(offset, lengthBytes), sizeBytes), nowNanos);
        modified(nowNanos);
    }

    void truncate(long newSizeBytes, long nowNanos) {
        resizeTo(newSizeBytes, nowNanos);
        modified(nowNanos);
    }

    private void resizeTo(long newSizeBytes, long nowNanos) {
        if (newSizeBytes == sizeBytes) {
            return;
        }
        zero(newSizeBytes, roundUp(sizeBytes), nowNanos);
        sizeBytes = newSizeBytes;
        List<Size> sizes = new ArrayList<>(sizesSinceSync);
        if (sizes.size() == MAX_VERSIONS) {
            sizes.remove(1);
        }
        sizes.add(new Size(newSizeBytes, nowNanos));
        sizesSinceSync = List.copyOf(sizes);
    }

    private void zero(long from, long to, long nowNanos) {
        long position = from;
        while (position < to) {
            long sector = position / SECTOR_BYTES;
            long end = Math.min(to, (sector + 1) * SECTOR_BYTES);
            byte[] old = sectors.get(sector);
            if (old != null) {
                byte[] left = old.clone();
                Arrays.fill(left, (int) (position % SECTOR_BYTES), (int) (end - sector * SECTOR_BYTES), (byte) 0);
                change(sector, end - position == SECTOR_BYTES ? null : left, nowNanos);
            }
            position = Math.max(end, sectors.next(true, sector + 1, roundUp(to) / SECTOR_BYTES) * SECTOR_BYTES);
        }
    }

    private void change(long sector, byte @Nullable [] content, long nowNanos) {
        Unsynced before = unsynced.get(sector);
        if (before == null) {
            before = new Unsynced(new byte[][] {sectors.get(sector)}, new long[] {0});
        }
        unsynced.put(sector, before.with(content, nowNanos));
        sectors.put(sector, content);
    }

    private void modified(long nowNanos) {
        times = new Times(nowNanos, nowNanos);
    }

    /** The inode changed, the content did not. */
    void changed(long nowNanos) {
        times = new Times(times.modifiedNanos, nowNanos);
    }

    void setAttributes(Attributes newAttributes, long nowNanos) {
        attributes = newAttributes;
        changed(nowNanos);
    }

    void setExtendedAttribute(String name, String value) {
        Map<String, String> extended = new HashMap<>(attributes.extended);
        extended.put(name, value);
        attributes = new Attributes(attributes.mode, attributes.uid, attributes.gid, Map.copyOf(extended));
        durableAttributes = attributes;
    }

    /** Content and size become durable; like fdatasync it leaves the times to chance, unless attributes changed. */
    void sync() {
        unsynced.clear();
        sizesSinceSync = List.of(new Size(sizeBytes, 0));
        if (!attributes.equals(durableAttributes)) {
            durableAttributes = attributes;
            durableTimes = times;
        }
    }

    /** All is durable, the times too. */
    void settle() {
        sync();
        durableTimes = times;
    }

    /**
     * As after a failed fsync: the system has forgotten that these sectors are to be written. Whoever reads them after they went from its
     * cache sees what is on disk, which a later sync does not change.
     */
    void dropUnsynced(Survival survival) {
        survival.nextFile();
        keepOnly(survival);
    }

    long next(boolean data, long offset) {
        if (offset >= sizeBytes) {
            return sizeBytes;
        }
        long sector = offset / SECTOR_BYTES;
        long found = sectors.next(data, sector, roundUp(sizeBytes) / SECTOR_BYTES);
        return Math.min(sizeBytes, Math.max(offset, found * SECTOR_BYTES));
    }

    FileStatus status(int linkCount) {
        return new FileStatus(
                type,
                1,
                number,
                birthTimeNanos,
                sizeBytes,
                sectors.allocatedSectors() * SECTOR_BYTES,
                times.modifiedNanos,
                times.changedNanos,
                linkCount,
                attributes.mode,
                attributes.uid,
                attributes.gid);
    }

    private static long roundUp(long bytes) {
        return Math.ceilDiv(bytes, SECTOR_BYTES) * SECTOR_BYTES;
    }
}
