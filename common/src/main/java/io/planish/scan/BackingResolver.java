package io.planish.scan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.planish.chain.BackingLink;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.job.Json;
import io.planish.job.SkipReason;
import io.planish.storage.PathGate;
import io.planish.storage.Resolution;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Finds where the backing name in an image's header leads, under each of the image's names: QEMU counts a relative name from
 * the folder in the name by which it was told to open the image.
 */
final class BackingResolver {
    private final PathGate gate;
    private final Predicate<ImageRef> known;

    /** @param known files that a walk has met, without a symbolic link on the way: where one of them is meant, nothing more is looked at */
    BackingResolver(PathGate gate, Predicate<ImageRef> known) {
        this.gate = gate;
        this.known = known;
    }

    /** What was found; the problem tells why the link leads to no file, or to no certain one. */
    record Found(BackingLink link, Optional<Problem> problem) {}

    /**
     * @param ref the image, by the name without symbolic links
     * @param otherNames its other names
     * @param written the name in its header
     */
    Found resolve(ImageRef ref, List<ImageRef> otherNames, String written) throws IOException {
        if (otherNames.isEmpty()) {
            Optional<ImageRef> plain = gate.withoutLinks(ref, written).filter(known);
            if (plain.isPresent()) {
                return new Found(new BackingLink(written, plain, List.of()), Optional.empty());
            }
        }
        Set<ImageRef> also = new TreeSet<>();
        Optional<ImageRef> image = Optional.empty();
        Optional<Problem> problem = Optional.empty();
        switch (gate.resolveBacking(ref, written)) {
            case Resolution.Inside inside -> image = Optional.of(inside.ref());
            case Resolution.Missing missing ->
                problem = Optional.of(problem(
                        SkipReason.BACKING_MISSING,
                        ref,
                        written,
                        missing.what() + " (bring it back, or name the folder it is in too)"));
            case Resolution.Refused refused -> {
                problem = Optional.of(problem(
                        SkipReason.OUTSIDE_ROOTS,
                        ref,
                        written,
                        refused.why() + " (only files in the pools are opened)"));
                also.addAll(mentioned(ref, written));
            }
        }
        for (ImageRef name : otherNames) {
            if (gate.resolveBacking(name, written) instanceof Resolution.Inside inside
                    && !Optional.of(inside.ref()).equals(image)) {
                also.add(inside.ref());
                problem = problem.or(() -> Optional.of(problem(
                        SkipReason.AMBIGUOUS_BACKING,
                        ref,
                        written,
                        "leads to " + inside.ref() + " when the image is opened as " + name
                                + " (remove one of the names, or write the backing file's name in full)")));
            }
        }
        return new Found(new BackingLink(written, image, List.copyOf(also)), problem);
    }

    /** All files of the pools that a name could mean by rules that are not followed here: protocols and {@code json:}. */
    private Set<ImageRef> mentioned(ImageRef ref, String written) throws IOException {
        List<String> names = new ArrayList<>();
        int colon = written.indexOf(':');
        if (colon >= 0) {
            names.add(written.substring(colon + 1));
            names.add(written.substring(written.lastIndexOf(':') + 1));
        }
        if (written.startsWith("json:")) {
            try {
                strings(Json.MAPPER.readTree(written.substring("json:".length())), names);
            } catch (JsonProcessingException e) {
                names.add(written);
            }
        }
        Set<ImageRef> found = new TreeSet<>();
        for (String name : names) {
            String path = name.startsWith("file:") ? name.substring("file:".length()) : name;
            if (gate.resolveBacking(ref, path) instanceof Resolution.Inside inside) {
                found.add(inside.ref());
            }
        }
        return found;
    }

    private static void strings(JsonNode node, List<String> into) {
        if (node.isTextual()) {
            into.add(node.asText());
        }
        node.forEach(child -> strings(child, into));
    }

    private static Problem problem(SkipReason reason, ImageRef ref, String written, String what) {
        return new Problem(reason, ref + ": backing file '" + written.replaceAll("\\p{Cntrl}", "?") + "' " + what);
    }
}
