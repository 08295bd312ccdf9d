package io.planish.storage;

import io.planish.ImageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The operations on names that Planish needs of a filesystem. Failures are {@link io.planish.ImageException}s naming the path,
 * with kind {@code MISSING}, {@code NO_SPACE} or {@code IO}.
 *
 * <p>Nothing done to names is durable before {@link #syncDirectory}. Thread-safe. Paths given are absolute and hold no
 * symbolic link: {@link #open} refuses to follow one in any segment, so that a name checked once stays checked.
 */
public interface Storage {
    /** Opens a regular file, close-on-exec. Anything but a regular file is refused without blocking. */
    ImageFile open(Path path, OpenMode mode) throws IOException;

    /**
     * Opens for reading what was a regular file when {@link #status} told so a moment ago, without another look: felt where thousands are opened.
     * What was opened may be something else by now; {@link ImageFile#status} tells.
     */
    default ImageFile openSeen(Path path, FileStatus seen) throws IOException {
        return open(path, OpenMode.READ);
    }

    /**
     * Makes sure that so many files can be open at once, raising this process' limit as far as it may: better known before the first
     * is opened than halfway.
     */
    default void requireOpenFiles(int count) throws IOException {}

    /** Makes and opens a file that must not exist yet, mode 0600. */
    ImageFile create(Path path) throws IOException;

    /** What stands at this name; a symbolic link is not followed. */
    FileStatus status(Path path) throws IOException;

    boolean exists(Path path) throws IOException;

    /** The names in a folder, in no order. */
    List<Path> list(Path directory) throws IOException;

    /** The path with every symbolic link resolved; the file must exist. */
    Path realPath(Path path) throws IOException;

    /** Where a symbolic link points to, as written in it. */
    String readLink(Path link) throws IOException;

    void createDirectory(Path directory) throws IOException;

    /** Makes a folder that may be there already, also when somebody else makes it at the same moment. */
    default void ensureDirectory(Path directory) throws IOException {
        if (!exists(directory)) {
            try {
                createDirectory(directory);
            } catch (ImageException e) {
                if (!exists(directory)) {
                    throw e;
                }
            }
        }
    }

    /** Gives the file a second name, which must not exist. */
    void link(Path existing, Path newName) throws IOException;

    /** Atomically replaces whatever stood at {@code to}. */
    void rename(Path from, Path to) throws IOException;

    void unlink(Path path) throws IOException;

    /** On return all links, renames and unlinks in this folder are durable. */
    void syncDirectory(Path directory) throws IOException;

    /** Bytes an unprivileged writer may still use on the filesystem of {@code path}. */
    long freeBytes(Path path) throws IOException;

    /** Whether files of this folder's filesystem can share blocks, as far as that can be told without writing. */
    default boolean clones(Path directory) throws IOException {
        return false;
    }

    /** Whether nothing can be written in this folder, or to this file: its filesystem or our rights do not allow it. */
    boolean isReadOnly(Path path) throws IOException;

    /** How a file is opened. */
    enum OpenMode {
        READ,
        READ_WRITE
    }
}
