package io.planish.storage;

import static io.planish.storage.SectorMap.SECTOR_BYTES;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
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
    private long[] sizesSinceSync;
    private Attributes attributes;
    private Attributes durableAttributes;
    private Times times;
    private Times durableTimes;

    /** Each content that a sector may have on disk, the durable one first, the newest last; null is a hole. */
    private record Unsynced(byte[] @Nullable [] versions, boolean givenUp) {}

    private record Times(long modifiedNanos, long changedNanos) {}

    record Attributes(int mode, int uid, int gid, Map<String, String> extended) {}

    SimulatedInode(long number, FileStatus.Type type, int mode, long nowNanos) {
        this.number = number;
        this.type = type;
        this.birthTimeNanos = nowNanos;
        sectors = new SectorMap();
        unsynced = new LinkedHashMap<>();
        sizesSinceSync = new long[] {0};
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
    SimulatedInode afterPowerLoss(Random random, Survival survival) {
        SimulatedInode after = fork();
        Survival here = survival.forOneFile(random);
        after.unsynced.clear();
        unsynced.forEach((sector, u) -> after.sectors.put(sector, u.versions[here.pick(u.versions.length, random)]));
        // beyond the present end there may be sectors again that a truncation had taken away
        after.sizeBytes = Arrays.stream(sizesSinceSync).max().orElseThrow();
        after.resizeTo(sizesSinceSync[here.pick(sizesSinceSync.length, random)]);
        after.sizesSinceSync = new long[] {after.sizeBytes};
        after.unsynced.clear();
        after.attributes = here.pick(2, random) == 0 ? durableAttributes : attributes;
        after.durableAttributes = after.attributes;
        after.times = here.pick(2, random) == 0 ? durableTimes : times;
        after.durableTimes = after.times;
        return after;
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
            change(position / SECTOR_BYTES, sector);
            position += length;
        }
        if (position > sizeBytes) {
            resizeTo(position);
        }
        modified(nowNanos);
    }

    void punch(long offset, long lengthBytes, long nowNanos) {
        zero(offset, Math.min(Math.addExact(offset, lengthBytes), sizeBytes));
        modified(nowNanos);
    }

    void truncate(long newSizeBytes, long nowNanos) {
        resizeTo(newSizeBytes);
        modified(nowNanos);
    }

    private void resizeTo(long newSizeBytes) {
        if (newSizeBytes == sizeBytes) {
            return;
        }
        zero(newSizeBytes, roundUp(sizeBytes));
        sizeBytes = newSizeBytes;
        int known = Math.min(sizesSinceSync.length, MAX_VERSIONS - 1);
        sizesSinceSync = Arrays.copyOf(sizesSinceSync, known + 1);
        sizesSinceSync[known] = newSizeBytes;
    }

    private void zero(long from, long to) {
        long position = from;
        while (position < to) {
            long sector = position / SECTOR_BYTES;
            long end = Math.min(to, (sector + 1) * SECTOR_BYTES);
            byte[] old = sectors.get(sector);
            if (old != null) {
                byte[] left = old.clone();
                Arrays.fill(left, (int) (position % SECTOR_BYTES), (int) (end - sector * SECTOR_BYTES), (byte) 0);
                change(sector, end - position == SECTOR_BYTES ? null : left);
            }
            position = Math.max(end, sectors.next(true, sector + 1, roundUp(to) / SECTOR_BYTES) * SECTOR_BYTES);
        }
    }

    private void change(long sector, byte @Nullable [] content) {
        Unsynced before = unsynced.get(sector);
        byte[] @Nullable [] known = before == null ? new byte[][] {sectors.get(sector)} : before.versions;
        byte[] @Nullable [] versions = Arrays.copyOf(known, known.length + 1);
        versions[known.length] = content;
        if (versions.length > MAX_VERSIONS) {
            System.arraycopy(versions, 2, versions, 1, versions.length - 2);
            versions = Arrays.copyOf(versions, MAX_VERSIONS);
        }
        unsynced.put(sector, new Unsynced(versions, false));
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
        unsynced.values().removeIf(u -> !u.givenUp);
        sizesSinceSync = new long[] {sizeBytes};
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

    /** As after a failed fsync: the system has forgotten that these sectors are to be written, a later sync helps nothing. */
    void giveUpUnsynced() {
        unsynced.replaceAll((sector, u) -> new Unsynced(u.versions, true));
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
