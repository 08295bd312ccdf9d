package io.planish.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Brings content into the simulation and out of it; zeroes come in as holes. */
final class RealFiles {
    private RealFiles() {}

    static void load(Path real, SimulatedInode into, long now) throws IOException {
        try (FileChannel channel = FileChannel.open(real, StandardOpenOption.READ)) {
            ByteBuffer zeroes = ByteBuffer.allocate(SectorMap.SECTOR_BYTES);
            ByteBuffer sector = ByteBuffer.allocate(SectorMap.SECTOR_BYTES);
            for (long offset = 0; offset < channel.size(); offset += SectorMap.SECTOR_BYTES) {
                channel.read(sector.clear(), offset);
                sector.flip();
                if (sector.mismatch(zeroes.slice(0, sector.remaining())) >= 0) {
                    into.write(sector, offset, now);
                }
            }
            into.truncate(channel.size(), now);
        }
        into.settle();
    }

    static void save(SimulatedInode inode, Path real) throws IOException {
        try (FileChannel channel = FileChannel.open(
                real, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            long data = inode.next(true, 0);
            while (data < inode.sizeBytes()) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), inode.next(false, data) - data));
                inode.read(buffer, data);
                channel.write(buffer.flip(), data);
                data = inode.next(true, data + buffer.limit());
            }
            if (channel.size() < inode.sizeBytes()) {
                channel.write(ByteBuffer.allocate(1), inode.sizeBytes() - 1);
            }
        }
    }
}
