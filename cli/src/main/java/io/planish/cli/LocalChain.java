package io.planish.cli;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.image.HeaderFile;
import io.planish.image.ImageChain;
import io.planish.image.Images;
import io.planish.image.Layer;
import io.planish.qcow2.Backing;
import io.planish.qcow2.Header;
import io.planish.storage.FileStatus;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Storage;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The files of one chain as this machine finds them from the name of its top: absolute names as they stand, relative ones from the folder
 * of the name by which the overlay was opened, as {@code qemu-img} does. Only files are followed to, and a format is never guessed.
 */
final class LocalChain {
    private LocalChain() {}

    /**
     * One file of the chain.
     *
     * @param name by which it is opened
     * @param path the same without symbolic links
     * @param header empty: it is raw
     */
    record Link(String name, Path path, Optional<Header> header, FileStatus status) {
        /** The name of its backing file as opened from here; empty: none. */
        Optional<String> backingName() {
            return header.flatMap(Header::backing).map(backing -> combined(name, backing.name()));
        }

        /** The folder it is in. */
        Path folder() {
            return parent(path);
        }

        /** The folder that the name by which it is opened is in; another one where that name is a symbolic link. */
        Path namedIn() {
            return parent(Path.of(name).toAbsolutePath());
        }

        private static Path parent(Path path) {
            Path parent = path.getParent();
            return parent == null ? path : parent;
        }

        String format() {
            return header.isPresent() ? Images.QCOW2 : Images.RAW;
        }
    }

    /** The top alone, which must be QCOW2. */
    static Link top(Storage storage, String name) throws IOException {
        return top(storage, name, Images.QCOW2);
    }

    /** The top alone, as an image of this format. */
    static Link top(Storage storage, String name, String format) throws IOException {
        return link(storage, name, format);
    }

    /** The whole chain, top first. */
    static List<Link> of(Storage storage, String name) throws IOException {
        return of(storage, name, Images.QCOW2);
    }

    /** The whole chain of an image of this format, top first. */
    static List<Link> of(Storage storage, String name, String format) throws IOException {
        List<Link> chain = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        Link at = link(storage, name, format);
        while (true) {
            if (!seen.add(at.path())) {
                throw new ImageException(
                        ErrorKind.MALFORMED_IMAGE,
                        name,
                        at.name() + " is, through its backing files, its own backing file",
                        "rebase one of them with rebase -u");
            }
            chain.add(at);
            Optional<Backing> backing = at.header().flatMap(Header::backing);
            if (backing.isEmpty()) {
                return chain;
            }
            at = below(storage, at, backing.get());
        }
    }

    private static Link below(Storage storage, Link overlay, Backing backing) throws IOException {
        String format = backing.format()
                .orElseThrow(() -> new ImageException(
                        ErrorKind.UNSUPPORTED_FEATURE,
                        overlay.name(),
                        "the format of its backing file " + backing.name() + " is not recorded",
                        "record it with rebase -u -b BACKING -F FORMAT"));
        if (PathGate.namesProtocol(backing.name())) {
            throw new ImageException(
                    ErrorKind.OUTSIDE_ROOTS,
                    overlay.name(),
                    "its backing file " + backing.name() + " is no local file",
                    "only files are followed");
        }
        try {
            return link(storage, combined(overlay.name(), backing.name()), format);
        } catch (ImageException e) {
            throw e.kind() != ErrorKind.MISSING
                    ? e
                    : new ImageException(
                            ErrorKind.MISSING,
                            overlay.name(),
                            "its backing file " + backing.name() + " does not exist",
                            "restore it, or rebase the image");
        }
    }

    /** Whether the name leads to the file, whose path holds no symbolic link. */
    static boolean sameFile(String name, Path file) {
        try {
            return Path.of(name).toRealPath().equals(file);
        } catch (IOException | InvalidPathException e) {
            return false;
        }
    }

    static boolean looksLikeQcow2(Storage storage, String name) throws IOException {
        return isQcow2(storage, real(storage, name));
    }

    static boolean isQcow2(Storage storage, Path path) throws IOException {
        try (ImageFile file = storage.open(path, Storage.OpenMode.READ)) {
            return HeaderFile.isQcow2(file);
        }
    }

    private static Link link(Storage storage, String name, String format) throws IOException {
        Path path = real(storage, name);
        try (ImageFile file = storage.open(path, Storage.OpenMode.READ)) {
            Optional<Header> header = switch (format) {
                case Images.QCOW2 -> Optional.of(Images.header(file, name));
                case Images.RAW -> Optional.empty();
                default ->
                    throw new ImageException(
                            ErrorKind.UNSUPPORTED_FEATURE, name, "format " + format, "qcow2 and raw are supported");
            };
            return new Link(name, path, header, file.status());
        }
    }

    private static Path real(Storage storage, String name) throws IOException {
        try {
            return storage.realPath(Path.of(name).toAbsolutePath());
        } catch (InvalidPathException e) {
            throw new ImageException(ErrorKind.MISSING, name, "this is no file name", "");
        } catch (ImageException e) {
            throw new ImageException(e.kind(), name, e.what(), e.advice());
        }
    }

    /** Opens the files of a chain to read them as one disk; the caller closes the layers, which are base first as in the view. */
    static ImageChain open(Storage storage, List<Link> chain, List<Layer> opened) throws IOException {
        storage.requireOpenFiles(chain.size());
        for (Link link : chain.reversed()) {
            ImageFile file = storage.open(link.path(), Storage.OpenMode.READ);
            try {
                opened.add(Images.open(file, link.name(), link.format(), Images.cacheBytes(chain.size())));
            } catch (IOException e) {
                file.close();
                throw e;
            }
        }
        return new ImageChain(opened);
    }

    /** A backing file's name as seen from where the overlay was opened, without being made absolute. */
    static String combined(String overlay, String backing) {
        int slash = overlay.lastIndexOf('/');
        return backing.startsWith("/") || slash < 0 ? backing : overlay.substring(0, slash + 1) + backing;
    }
}
