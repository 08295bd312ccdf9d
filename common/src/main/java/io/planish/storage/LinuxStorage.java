package io.planish.storage;

import io.planish.ErrorKind;
import io.planish.ImageException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The filesystems of this machine, by Linux system calls. Durable means fsync has said so. Thread-safe. */
public final class LinuxStorage implements Storage {
    private static final int PRIVATE_FOLDER_MODE = 0700;
    private static final int MAY_WRITE = 2;

    @Override
    public ImageFile open(Path path, OpenMode mode) throws IOException {
        // asked before: merely opening a device can do something to it
        requireRegular(Statx.of(path), path);
        int access = mode == OpenMode.READ ? Descriptors.READ_ONLY : Descriptors.READ_WRITE;
        return opened(Descriptors.open(path, access | Descriptors.NON_BLOCKING), path, mode);
    }

    @Override
    public ImageFile openSeen(Path path, FileStatus seen) throws IOException {
        int fd = Descriptors.open(path, Descriptors.READ_ONLY | Descriptors.NON_BLOCKING);
        return new LinuxFile(fd, path, OpenMode.READ, seen);
    }

    @Override
    public void requireOpenFiles(int count) throws ImageException {
        OpenFileLimit.require(count);
    }

    @Override
    public ImageFile create(Path path) throws IOException {
        return opened(
                Descriptors.open(path, Descriptors.READ_WRITE | Descriptors.CREATE_NEW), path, OpenMode.READ_WRITE);
    }

    private static ImageFile opened(int fd, Path path, OpenMode mode) throws ImageException {
        try {
            FileStatus status = Statx.of(fd, path);
            requireRegular(status, path);
            return new LinuxFile(fd, path, mode, status);
        } catch (ImageException refused) {
            Descriptors.close(fd);
            throw refused;
        }
    }

    private static void requireRegular(FileStatus status, Path path) throws ImageException {
        switch (status.type()) {
            case REGULAR -> {}
            case SYMLINK -> throw Errno.failure(-Errno.ELOOP, path, "open");
            case DIRECTORY -> throw Errno.failure(-Errno.EISDIR, path, "open");
            case OTHER ->
                throw new ImageException(ErrorKind.IO, path.toString(), "cannot open: it is not a regular file", "");
        }
    }

    @Override
    public FileStatus status(Path path) throws IOException {
        return Statx.of(path);
    }

    @Override
    public boolean exists(Path path) throws IOException {
        try {
            Statx.of(path);
            return true;
        } catch (ImageException e) {
            if (e.kind() == ErrorKind.MISSING) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        List<Path> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            entries.forEach(names::add);
        } catch (DirectoryIteratorException e) {
            throw translated(Objects.requireNonNull(e.getCause()), directory, "list");
        } catch (IOException e) {
            throw translated(e, directory, "list");
        }
        return names;
    }

    @Override
    public Path realPath(Path path) throws IOException {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            throw translated(e, path, "resolve");
        }
    }

    @Override
    public String readLink(Path link) throws IOException {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (NotLinkException e) {
            throw new ImageException(ErrorKind.CHANGED_UNDERNEATH, link.toString(), "is no symbolic link", "try again");
        } catch (IOException e) {
            throw translated(e, link, "read");
        }
    }

    private static ImageException translated(IOException e, Path path, String doing) {
        return switch (e) {
            case NoSuchFileException missing -> Errno.failure(-Errno.ENOENT, path, doing);
            case NotDirectoryException notDirectory -> Errno.failure(-Errno.ENOTDIR, path, doing);
            case AccessDeniedException denied -> Errno.failure(-Errno.EACCES, path, doing);
            case FileSystemException loop when isLoop(loop) -> Errno.failure(-Errno.ELOOP, path, doing);
            case FileSystemException other ->
                new ImageException(
                        ErrorKind.IO,
                        path.toString(),
                        "cannot " + doing + ": " + (other.getReason() == null ? "unknown error" : other.getReason()),
                        "",
                        other);
            default ->
                new ImageException(ErrorKind.IO, path.toString(), "cannot " + doing + ": " + e.getMessage(), "", e);
        };
    }

    /** What the JDK makes of {@code ELOOP}: an exception of no kind of its own, whose reason ends in words of its own. */
    private static boolean isLoop(FileSystemException failure) {
        return failure.getReason() != null
                && failure.getReason().endsWith(" or unable to access attributes of symbolic link");
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        inFolderOf(
                directory,
                "make a folder",
                folder -> Libc.call(
                        Syscall.MKDIRAT, folder, Libc.scratch().name(directory.getFileName()), PRIVATE_FOLDER_MODE));
    }

    @Override
    public void link(Path existing, Path newName) throws IOException {
        fromNameToName(Syscall.LINKAT, existing, newName, "give it the name " + newName);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        fromNameToName(Syscall.RENAMEAT2, from, to, "rename it to " + to);
    }

    private static void fromNameToName(Syscall syscall, Path from, Path to, String doing) throws ImageException {
        inFolderOf(
                from,
                doing,
                fromFolder -> inFolderOf(to, "take the name", toFolder -> {
                    Libc.Scratch scratch = Libc.scratch();
                    long fromName = scratch.name(from.getFileName());
                    long toName = scratch.secondName(to.getFileName());
                    return Errno.check(Libc.call(syscall, fromFolder, fromName, toFolder, toName, 0), from, doing);
                }));
    }

    @Override
    public void unlink(Path path) throws IOException {
        inFolderOf(
                path,
                "remove",
                folder -> Libc.call(Syscall.UNLINKAT, folder, Libc.scratch().name(path.getFileName()), 0));
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        int fd = Descriptors.openDirectory(directory);
        try {
            Errno.check(Libc.call(Syscall.FSYNC, fd), directory, "make durable");
        } finally {
            Descriptors.close(fd);
        }
    }

    @Override
    public long freeBytes(Path path) throws IOException {
        return Statfs.of(path).freeBytes();
    }

    @Override
    public boolean clones(Path directory) throws IOException {
        return Reflinks.areKnownToWork(directory);
    }

    @Override
    public boolean isReadOnly(Path path) throws IOException {
        long result = Libc.call(
                Syscall.FACCESSAT, Descriptors.CURRENT_FOLDER, Libc.scratch().name(path), MAY_WRITE);
        if (result == -Errno.EROFS || result == -Errno.EACCES || result == -Errno.EPERM) {
            return true;
        }
        Errno.check(result, path, "ask for rights");
        return false;
    }

    /** Calls {@code action} with a descriptor of the folder that holds {@code path}, reached without a symbolic link. */
    private static long inFolderOf(Path path, String doing, InFolder action) throws ImageException {
        Path folder = path.getParent();
        if (folder == null) {
            throw new IllegalArgumentException("'" + path + "' has no folder");
        }
        int fd = Descriptors.open(folder, Descriptors.NAME_ONLY | Syscall.openDirectoryFlag());
        try {
            return Errno.check(action.call(fd), path, doing);
        } finally {
            Descriptors.close(fd);
        }
    }

    private interface InFolder {
        long call(int folder) throws ImageException;
    }
}
