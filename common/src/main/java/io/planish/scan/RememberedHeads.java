package io.planish.scan;

import io.planish.chain.FileFacts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The heads of one pool: those of earlier scans as the bytes that were read back, found through a table of places, and those that this scan
 * has read. Small, since a pool may hold a million files. Thread-safe.
 */
final class RememberedHeads {
    private static final int MAX_BYTES = 512 << 20;
    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    private final ByteBuffer records;
    /** Places of records plus 1, by their inode's hash; 0: none. A power of two of them, at most half in use. */
    private final int[] table;
    /** By the same number: whether this scan has come across the file. Bytes, so that threads do not disturb each other. */
    private final byte[] seen;

    private final int count;
    private final ByteArrayOutputStream added = new ByteArrayOutputStream();
    private int addedCount;

    /** @param records records one after the other; with anything else in between, none of them counts */
    RememberedHeads(ByteBuffer records) {
        this.count = HeadCodec.count(records);
        this.records = count == 0 ? ByteBuffer.allocate(0) : records;
        this.table = new int[Integer.highestOneBit(Math.max(8, count)) * 4];
        this.seen = new byte[table.length];
        for (int at = 0; at < this.records.limit(); at += HeadCodec.length(records, at)) {
            int slot = slot(HeadCodec.inode(records, at));
            while (table[slot] != 0) {
                slot = next(slot);
            }
            table[slot] = at + 1;
        }
    }

    @Nullable
    FileHead find(FileFacts facts) {
        for (int slot = slot(facts.inode()); table[slot] != 0; slot = next(slot)) {
            int at = table[slot] - 1;
            if (HeadCodec.matches(records, at, facts)) {
                seen[slot] = 1;
                return HeadCodec.head(records, at);
            }
        }
        return null;
    }

    synchronized void put(FileFacts facts, FileHead head) {
        byte[] record = HeadCodec.encode(facts, head);
        if (added.size() + record.length + records.limit() <= MAX_BYTES) {
            added.writeBytes(record);
            addedCount++;
        }
    }

    /** Whether there is anything to be written that was not read. */
    synchronized boolean changed() {
        int used = 0;
        for (byte mark : seen) {
            used += mark;
        }
        return addedCount > 0 || used < count;
    }

    /** What this scan has come across, in the order in which it was remembered. */
    synchronized void writeTo(OutputStream out) throws IOException {
        int[] places = new int[count];
        int used = 0;
        for (int slot = 0; slot < table.length; slot++) {
            if (seen[slot] != 0) {
                places[used++] = table[slot] - 1;
            }
        }
        Arrays.sort(places, 0, used);
        byte[] record = new byte[HeadCodec.MAX_BYTES];
        for (int i = 0; i < used; i++) {
            int length = HeadCodec.length(records, places[i]);
            records.get(places[i], record, 0, length);
            out.write(record, 0, length);
        }
        added.writeTo(out);
    }

    private int slot(long inode) {
        return (int) (inode * SPREAD >>> 32) & table.length - 1;
    }

    private int next(int slot) {
        return slot + 1 & table.length - 1;
    }
}
