package io.planish.scan;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.BackingLink;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.job.SkipReason;
import io.planish.scan.FoundFile.FileId;
import io.planish.storage.PathGate;
import io.planish.storage.Resolution;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds where the backing name in an image's header leads, under each of the image's names: QEMU counts a relative name from
 * the folder in the name by which it was told to open the image.
 */
final class BackingResolver {
    private final PathGate gate;
    private final Known known;

    BackingResolver(PathGate gate, Known known) {
        this.gate = gate;
        this.known = known;
    }

    /** The files whose overlays are looked for. */
    interface Known {
        /** Whether a walk has met it, without a symbolic link on the way: where it is meant, nothing more is looked at. */
        boolean isFile(ImageRef name);

        Optional<ImageRef> at(FileId id);

        Collection<ImageRef> called(String fileName);

        /** The name that a file is known by, for any of its names in folders as far as these are told apart. */
        default ImageRef firstName(ImageRef name) {
            return name;
        }
    }

    /** What was found; the problem tells why the link leads to no file, or to no certain one. */
    record Found(BackingLink link, Optional<Problem> problem) {}

    /**
     * @param ref the image, by the name without symbolic links
     * @param otherNames its other names
     * @param written the name in its header
     * @throws ImageException of kind {@code UNSUPPORTED_FEATURE} if nobody can tell what it may lead to
     */
    Found resolve(ImageRef ref, List<ImageRef> otherNames, String written) throws IOException {
        if (otherNames.isEmpty()) {
            Optional<ImageRef> plain = gate.withoutLinks(ref, written).filter(known::isFile);
            if (plain.isPresent()) {
                return new Found(new BackingLink(written, plain, List.of()), Optional.empty());
            }
        }
        Set<ImageRef> also = new TreeSet<>();
        Optional<ImageRef> image = Optional.empty();
        Optional<Problem> problem = Optional.empty();
        Resolution resolution = gate.resolveBacking(ref, written);
        switch (resolution) {
            case Resolution.Inside inside -> image = Optional.of(inside.ref());
            case Resolution.Missing missing ->
                problem = Optional.of(problem(
                        SkipReason.BACKING_MISSING,
                        ref,
                        written,
                        missing.what() + " (bring it back, or name the folder it is in too)"));
            case Resolution.Refused refused ->
                problem = Optional.of(problem(
                        SkipReason.OUTSIDE_ROOTS,
                        ref,
                        written,
                        refused.why() + " (only files in the pools are opened)"));
        }
        also.addAll(notFollowed(ref, written, resolution));
        for (ImageRef name : otherNames) {
            Resolution other = gate.resolveBacking(name, written);
            Set<ImageRef> leadsTo = notFollowed(name, written, other);
            if (other instanceof Resolution.Inside inside) {
                leadsTo.add(inside.ref());
            }
            Optional<ImageRef> meant = image.map(known::firstName);
            leadsTo.removeIf(to -> meant.equals(Optional.of(known.firstName(to))));
            if (!leadsTo.isEmpty()) {
                also.addAll(leadsTo);
                problem = problem.or(() -> Optional.of(problem(
                        SkipReason.AMBIGUOUS_BACKING,
                        ref,
                        written,
                        "leads to " + leadsTo.iterator().next() + " when the image is opened as " + name
                                + " (remove one of the names, or write the backing file's name in full)")));
            }
        }
        image.ifPresent(also::remove);
        return new Found(new BackingLink(written, image, List.copyOf(also)), problem);
    }

    /** The known files that a name means, or could mean, on ways that lead out of the pools or by rules that are not followed here. */
    private Set<ImageRef> notFollowed(ImageRef openedAs, String written, Resolution followed) throws IOException {
        Set<ImageRef> found = new TreeSet<>();
        if (PathGate.namesProtocol(written)) {
            for (String path : paths(openedAs, written)) {
                if (gate.resolveBacking(openedAs, path) instanceof Resolution.Inside inside) {
                    found.add(inside.ref());
                }
                seenHere(openedAs, path, found);
                if (!path.startsWith("/")) {
                    // such a name counts from the folder that QEMU was started in
                    found.addAll(known.called(fileName(path)));
                }
            }
        } else if (!(followed instanceof Resolution.Inside) || written.contains("/../")) {
            seenHere(openedAs, written, found);
        }
        return found;
    }

    private static Set<String> paths(ImageRef openedAs, String written) throws IOException {
        try {
            return BackingNames.paths(written);
        } catch (JsonProcessingException e) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED_FEATURE,
                    openedAs.toString(),
                    "backing file '" + printable(written)
                            + "' cannot be made sense of, so that nobody can tell which images it depends on",
                    "give it a plain name with qemu-img rebase -u",
                    e);
        }
    }

    /** Where the kernel cannot tell, files of this name count. */
    private void seenHere(ImageRef openedAs, String path, Set<ImageRef> into) {
        try {
            gate.seenHere(openedAs, path).map(FileId::of).flatMap(known::at).ifPresent(into::add);
        } catch (IOException e) {
            into.addAll(known.called(fileName(path)));
        }
    }

    static String fileName(ImageRef image) {
        return fileName(image.path());
    }

    private static String fileName(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static Problem problem(SkipReason reason, ImageRef ref, String written, String what) {
        return new Problem(reason, ref + ": backing file '" + printable(written) + "' " + what);
    }

    private static String printable(String name) {
        return name.replaceAll("\\p{Cntrl}", "?");
    }
}
