package io.planish.scan;

import io.planish.chain.BackingLink;
import io.planish.chain.ImageFormat;
import io.planish.chain.ImageNode;
import io.planish.chain.ImageRef;
import io.planish.chain.PoolName;
import io.planish.chain.Problem;
import io.planish.chain.Use;
import io.planish.image.Images;
import io.planish.job.SkipReason;
import io.planish.qcow2.Backing;
import io.planish.scan.Sighting.Seen;
import io.planish.trash.LeftInPlace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Makes the forest's nodes of what a walk has met: every QCOW2 image, and every file that one of them records as its raw base. */
final class NodeMaker {
    private static final int SECTOR_BYTES = 512;

    private final Sighting sighting;
    private final BackingResolver resolver;
    private final Map<PoolName, Map<String, LeftInPlace.Layer>> leftInPlace;
    private final Map<Long, Integer> filesystems = new HashMap<>();
    private final Map<ImageRef, ImageNode> rawBases = new ConcurrentHashMap<>();

    /** @param leftInPlace what pulls have left in the pools, by its path */
    NodeMaker(Sighting sighting, BackingResolver resolver, Map<PoolName, Map<String, LeftInPlace.Layer>> leftInPlace) {
        this.sighting = sighting;
        this.resolver = resolver;
        this.leftInPlace = leftInPlace;
    }

    List<ImageNode> make(ScanWorkers workers) throws IOException {
        sighting.files().forEach(file -> filesystem(file.file().status().device()));
        List<Seen> images =
                sighting.files().stream().filter(file -> file.head().isImage()).toList();
        ImageNode[] nodes = new ImageNode[images.size()];
        workers.forEach(nodes.length, i -> nodes[i] = image(images.get(i)));
        List<ImageNode> all = new ArrayList<>(List.of(nodes));
        sighting.elsewhere().forEach(file -> elsewhere(file).ifPresent(all::add));
        all.addAll(rawBases.values());
        return all;
    }

    /** A number for each filesystem, in the order in which they are asked for. */
    int filesystem(long device) {
        Integer known = filesystems.get(device);
        if (known == null) {
            known = filesystems.size();
            filesystems.put(device, known);
        }
        return known;
    }

    /** An overlay that only counts because of the image it depends on; empty if it depends on none. */
    private Optional<ImageNode> elsewhere(Seen seen) {
        ImageRef link = seen.ref();
        Problem problem = new Problem(
                SkipReason.OUTSIDE_ROOTS,
                link + " is a symbolic link to a file in a folder that is not looked at (name that folder too)");
        return Optional.of(image(seen, new ArrayList<>(List.of(problem))))
                .filter(node -> node.backing()
                        .filter(backing -> backing.image().isPresent()
                                || !backing.alsoLeadsTo().isEmpty())
                        .isPresent());
    }

    private ImageNode image(Seen seen) {
        return image(seen, nameProblems(seen.file()));
    }

    private ImageNode image(Seen seen, List<Problem> problems) {
        FoundFile file = seen.file();
        FileHead head = seen.head();
        head.faults().forEach(fault -> problems.add(new Problem(fault.reason(), file.ref() + " " + fault.phrase())));
        Optional<BackingLink> link = Optional.empty();
        if (head.backing().isPresent()) {
            link = Optional.of(link(file, head, head.backing().get(), problems));
            leftOver(file).ifPresent(problems::add);
        }
        return node(file, ImageFormat.QCOW2, head.virtualSizeBytes(), head.clusterSizeBytes(), link, head, problems);
    }

    private Optional<Problem> leftOver(FoundFile file) {
        return Optional.ofNullable(leftInPlace
                        .getOrDefault(file.pool().name(), Map.of())
                        .get(file.ref().path()))
                .filter(layer -> layer.isUnchanged(file.status()))
                .map(layer -> new Problem(
                        SkipReason.LEFT_OVER,
                        file.ref()
                                + " was left in place by a pull that took its content over (remove it if no image elsewhere"
                                + " needs it; a pool that is declared complete gets this done)"));
    }

    private BackingLink link(FoundFile file, FileHead head, Backing backing, List<Problem> problems) {
        ImageRef ref = file.ref();
        BackingResolver.Found found;
        try {
            found = resolver.resolve(ref, sighting.otherNames(ref), backing.name());
        } catch (IOException e) {
            sighting.unknown(ref, e);
            problems.add(
                    Sighting.finding(ref.toString(), SkipReason.UNREADABLE, e).problem());
            return new BackingLink(backing.name(), Optional.empty(), List.of());
        }
        found.problem().ifPresent(problems::add);
        BackingLink link = new BackingLink(
                backing.name(),
                found.link().image().map(sighting::firstName),
                found.link().alsoLeadsTo().stream()
                        .map(sighting::firstName)
                        .distinct()
                        .toList());
        if (link.image().isPresent() && canBeBelieved(head, backing)) {
            checkFormat(file, link.image().get(), backing).ifPresent(problems::add);
        }
        return link;
    }

    /** Also while a commit is not finished: what it takes to go on with it. A layer that is no longer valid tells no format. */
    private static boolean canBeBelieved(FileHead head, Backing backing) {
        return head.faults().isEmpty()
                || backing.format().isPresent()
                        && head.faults().stream().allMatch(fault -> fault.reason() == SkipReason.HALF_MERGED);
    }

    private Optional<Problem> checkFormat(FoundFile file, ImageRef backing, Backing written) {
        Optional<FoundFile> base = sighting.file(backing);
        if (base.isEmpty()) {
            return Optional.of(new Problem(
                    SkipReason.BACKING_MISSING,
                    about(file, backing) + "is in a folder that is not looked at (name that folder too)"));
        }
        Optional<String> format = written.format().or(() -> file.pool().trustedFormat());
        if (format.isEmpty()) {
            return Optional.of(new Problem(
                    SkipReason.BACKING_FORMAT_MISSING,
                    about(file, backing)
                            + "has no recorded format (record it with qemu-img rebase -u -F, or set the pool's"
                            + " trusted-format)"));
        }
        boolean isImage = sighting.head(backing).isImage();
        String said = written.format().isPresent() ? "is recorded as " : "is, by the pool's trusted-format, ";
        return switch (format.get()) {
            case Images.QCOW2 ->
                isImage
                        ? Optional.empty()
                        : Optional.of(new Problem(
                                SkipReason.CORRUPT,
                                about(file, backing) + said
                                        + "qcow2 and is none (restore it from a backup, or record the format it has)"));
            case Images.RAW -> {
                if (isImage) {
                    yield Optional.of(
                            new Problem(
                                    SkipReason.AMBIGUOUS_BACKING,
                                    about(file, backing) + said
                                            + "raw and is an image of another format (record what it is with qemu-img rebase -u -F)"));
                }
                rawBases.computeIfAbsent(backing, ref -> raw(base.get()));
                yield Optional.empty();
            }
            default ->
                Optional.of(new Problem(
                        SkipReason.UNSUPPORTED_FEATURE,
                        about(file, backing) + said + format.get().replaceAll("\\p{Cntrl}", "?")
                                + ", and only qcow2 and raw can be read (convert it with qemu-img convert)"));
        };
    }

    private static String about(FoundFile file, ImageRef backing) {
        return file.ref() + ": backing file " + backing + " ";
    }

    private ImageNode raw(FoundFile file) {
        long size = Math.ceilDiv(file.status().sizeBytes(), (long) SECTOR_BYTES) * SECTOR_BYTES;
        return node(file, ImageFormat.RAW, size, SECTOR_BYTES, Optional.empty(), FileHead.NO_IMAGE, nameProblems(file));
    }

    private ImageNode node(
            FoundFile file,
            ImageFormat format,
            long virtualSizeBytes,
            int clusterSizeBytes,
            Optional<BackingLink> link,
            FileHead head,
            List<Problem> problems) {
        return new ImageNode(
                file.ref(),
                sighting.otherNames(file.ref()),
                file.status().facts(file.pool().id()),
                format,
                virtualSizeBytes,
                clusterSizeBytes,
                file.status().allocatedBytes(),
                filesystem(file.status().device()),
                Use.FREE,
                link,
                Set.copyOf(head.traits()),
                problems);
    }

    private List<Problem> nameProblems(FoundFile file) {
        List<Problem> problems = new ArrayList<>();
        List<ImageRef> others = sighting.hardLinks(file.ref());
        if (file.status().linkCount() > 1) {
            problems.add(new Problem(
                    SkipReason.HARD_LINKED,
                    file.ref() + " stands under " + file.status().linkCount()
                            + " names, and would be torn from the others (remove those that nobody needs)"));
        } else if (!others.isEmpty()) {
            // one name in one folder: to remove what looks like the other one would be to remove the image
            problems.add(new Problem(
                    SkipReason.HARD_LINKED,
                    file.ref() + " is the same file as " + others.getFirst()
                            + ", in a folder that is mounted in two places (name only one of them)"));
        }
        return problems;
    }
}
