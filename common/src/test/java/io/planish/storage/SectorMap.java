package io.planish.storage;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sectors of 512 bytes by number; absent ones are holes. Sector arrays are never changed once they are in, so forks share
 * them; pages of them are shared until one side writes.
 */
final class SectorMap {
    static final int SECTOR_BYTES = 512;
    private static final int PAGE_SECTORS = 128;

    private final Map<Long, Page> pages;
    private Object owner = new Object();
    private long allocated;

    private record Page(Object owner, byte[] @Nullable [] sectors) {}

    SectorMap() {
        pages = new HashMap<>();
    }

    private SectorMap(SectorMap other) {
        pages = new HashMap<>(other.pages);
        allocated = other.allocated;
    }

    /** The same sectors; what either side writes from now on the other does not see. */
    SectorMap fork() {
        owner = new Object();
        return new SectorMap(this);
    }

    byte @Nullable [] get(long sector) {
        Page page = pages.get(sector / PAGE_SECTORS);
        return page == null ? null : page.sectors[(int) (sector % PAGE_SECTORS)];
    }

    void put(long sector, byte @Nullable [] content) {
        long number = sector / PAGE_SECTORS;
        Page page = pages.get(number);
        if (page == null) {
            if (content == null) {
                return;
            }
            page = new Page(owner, new byte[PAGE_SECTORS][]);
            pages.put(number, page);
        } else if (page.owner != owner) {
            page = new Page(owner, page.sectors.clone());
            pages.put(number, page);
        }
        int index = (int) (sector % PAGE_SECTORS);
        allocated += (content == null ? 0 : 1) - (page.sectors[index] == null ? 0 : 1);
        page.sectors[index] = content;
    }

    long allocatedSectors() {
        return allocated;
    }

    /** The first sector in {@code from..to} (exclusive) that is there or not there, as asked; {@code to} if none. */
    long next(boolean there, long from, long to) {
        long sector = from;
        while (sector < to) {
            if (!pages.containsKey(sector / PAGE_SECTORS)) {
                if (!there) {
                    return sector;
                }
                sector = (sector / PAGE_SECTORS + 1) * PAGE_SECTORS;
            } else if ((get(sector) != null) == there) {
                return sector;
            } else {
                sector++;
            }
        }
        return to;
    }
}
