package io.planish.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One open file with positional I/O. Offsets and lengths are bytes. Failures are {@link io.planish.ImageException}s naming the
 * file, with kind {@code NO_SPACE} or {@code IO}.
 *
 * <p>Nothing written is durable before {@link #sync} returns; when that fails, nothing may be assumed durable. Reads
 * and writes may run in several threads at once; locking and closing belong to one. Closing gives up the locks of this
 * descriptor only (OFD locks).
 */
public interface ImageFile extends AutoCloseable {
    Path path();

    /** Fills {@code into} from {@code offset}; what lies past the end of the file reads as zeroes. */
    void read(ByteBuffer into, long offset) throws IOException;

    /** Writes all that remains in {@code from}, growing the file if needed. */
    void write(ByteBuffer from, long offset) throws IOException;

    /** As {@link #read}, for the data of a guest: where the system can, what was not in its page cache does not stay there. */
    default void readData(ByteBuffer into, long offset) throws IOException {
        read(into, offset);
    }

    /** As {@link #write}, for the data of a guest: where the system can, it goes to the disk at once and does not stay in the page cache. */
    default void writeData(ByteBuffer from, long offset) throws IOException {
        write(from, offset);
    }

    /**
     * Copies bytes from another file by the cheapest way that works: sharing extents, else moving bytes such that neither file stays in the
     * page cache because of it and the disk begins to write at once. What lies past the source's end is written as zeroes.
     */
    CopyMethod copyFrom(ImageFile source, long sourceOffset, long offset, long lengthBytes) throws IOException;

    /**
     * Whether both ranges, wherever the filesystem can tell, stand in the same blocks of the disk, so that they read the same bytes without
     * being read.
     */
    boolean sharesBlocks(long offset, ImageFile other, long otherOffset, long lengthBytes) throws IOException;

    /** Gives the range back to the filesystem where it can; it reads as zeroes afterwards. The size stays. */
    void punch(long offset, long lengthBytes) throws IOException;

    /** Makes sure that writing the range will not run out of space, where the filesystem can; the content stays. */
    void allocate(long offset, long lengthBytes) throws IOException;

    void truncate(long sizeBytes) throws IOException;

    /** The first offset at or after {@code offset} that may hold data; the file's size if none. */
    long nextData(long offset) throws IOException;

    /** The first offset at or after {@code offset} that is a hole; the file's size if none. */
    long nextHole(long offset) throws IOException;

    /**
     * On return all data and the size written before are durable. After a failure nothing is, no later call on this file succeeds, and where the
     * system can, what is read from then on is what the disk holds.
     */
    void sync() throws IOException;

    /** Begins to read the range into the system's cache, without waiting; a hint. */
    void willNeed(long offset, long lengthBytes) throws IOException;

    /** Forgets cached pages of the range that are durable, so that the next read comes from the disk. For files nobody else uses; a hint. */
    void dropCache(long offset, long lengthBytes) throws IOException;

    FileStatus status() throws IOException;

    long sizeBytes() throws IOException;

    /**
     * Takes the locks that QEMU takes for the same use (QEMU's bytes and meaning), or none of them.
     *
     * @return who stands in the way; empty: the locks are held
     */
    Optional<LockConflict> tryLock(LockMode mode) throws IOException;

    /** Whether some other open file description holds the image, asked without taking any lock. */
    Optional<LockConflict> probeLock(LockMode mode) throws IOException;

    /** Owner, group, mode, ACL and extended attributes become those of {@code other}; durable after {@link #sync}. */
    void copyAttributesFrom(ImageFile other) throws IOException;

    @Override
    void close() throws IOException;

    /** How bytes came from one file into another. */
    enum CopyMethod {
        /** Both files share the extents; no data was written. */
        CLONED,
        COPIED
    }

    /** What is held against others. */
    enum LockMode {
        /** Nobody else has the image open in any way. */
        WRITE,
        /** Others may read, nobody writes or resizes. */
        READ
    }

    /** Who holds a lock that stands in the way. */
    enum LockConflict {
        /** Another attempt of Planish: it will let go by itself. */
        PLANISH,
        /** A hypervisor or a tool. */
        OTHER
    }
}
