package io.planish.scan;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.job.SkipReason;
import io.planish.plan.Finding;
import io.planish.scan.FoundFile.FileId;
import io.planish.storage.FileStatus;
import io.planish.storage.ImageFile;
import io.planish.storage.PathGate;
import io.planish.storage.Pool;
import io.planish.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What one walk through the pools has met, each file once, under the first of its names. */
final class Sighting implements PoolWalk.Visitor, BackingResolver.Known {
    private final Storage storage;
    private final PathGate gate;
    private final HeadReader heads;
    private final boolean asksForUse;
    private final ScanProgress progress;
    private final Map<ImageRef, Seen> seen = new ConcurrentHashMap<>();
    private final Map<ImageRef, Pool> links = new ConcurrentHashMap<>();
    private final Queue<Finding> findings = new ConcurrentLinkedQueue<>();
    private final Map<ImageRef, ImageRef> firstName = new HashMap<>();
    private final Map<ImageRef, List<ImageRef>> symbolicLinks = new HashMap<>();
    private final Map<ImageRef, List<ImageRef>> otherNames = new HashMap<>();
    private final Map<FileId, Seen> byId = new HashMap<>();
    private final List<Seen> elsewhere = new ArrayList<>();
    private final List<Seen> files = new ArrayList<>();
    private @Nullable Map<String, List<ImageRef>> byFileName;

    Sighting(Storage storage, PathGate gate, HeadReader heads, boolean asksForUse, ScanProgress progress) {
        this.storage = storage;
        this.asksForUse = asksForUse;
        this.gate = gate;
        this.heads = heads;
        this.progress = progress;
    }

    /**
     * A file, and what it begins with.
     *
     * @param access whether it is an overlay that is open elsewhere, as far as it had to be opened anyway
     */
    record Seen(FoundFile file, FileHead head, UseProbe.@Nullable Access access) {
        ImageRef ref() {
            return file.ref();
        }
    }

    @Override
    public void file(FoundFile file) throws IOException {
        Seen before = seen.get(file.ref());
        if (before != null && before.file().status().equals(file.status())) {
            return;
        }
        Look look = new Look();
        FileHead head = heads.read(file, look);
        if (seen.put(file.ref(), new Seen(file, head, look.access)) == null) {
            progress.sawFile();
            if (head.isImage()) {
                progress.sawImage();
            }
        }
    }

    /** Asks right away who has an overlay open, since opening it takes longer than asking. */
    private final class Look implements HeadReader.WhileOpen {
        private UseProbe.@Nullable Access access;

        @Override
        public void opened(ImageFile file, FileHead head) {
            progress.readHead();
            if (asksForUse && head.backing().isPresent()) {
                try {
                    access = UseProbe.Access.to(file, storage);
                } catch (IOException e) {
                    access = null; // asked once more when all files are known
                }
            }
        }
    }

    @Override
    public void link(ImageRef link, Pool pool) {
        links.put(link, pool);
    }

    @Override
    public void unknown(ImageRef where, IOException why) {
        findings.add(finding(where.toString(), SkipReason.UNREADABLE, why));
    }

    @Override
    public void passedOver(ImageRef lostAndFound) {
        String what =
                lostAndFound + " is passed over: only an administrator can look into it (see that no images are there)";
        findings.add(new Finding(lostAndFound.toString(), new Problem(SkipReason.UNREADABLE, what), false));
    }

    @Override
    public void unknown(Pool pool, IOException why) {
        findings.add(finding(pool.name().value(), SkipReason.UNREADABLE, why));
    }

    /** To be called when the walk has ended: finds files that have several names. */
    void settleNames() {
        Seen[] sorted = seen.values().toArray(new Seen[0]);
        Arrays.parallelSort(sorted, Comparator.comparing(Seen::ref));
        for (Seen one : sorted) {
            Seen known = byId.putIfAbsent(one.file().id(), one);
            if (known == null) {
                files.add(one);
            } else if (isGone(known)) {
                seen.remove(known.ref());
                byId.put(one.file().id(), one);
                files.remove(known);
                files.add(one);
            } else if (isGone(one)) {
                seen.remove(one.ref());
            } else {
                firstName.put(one.ref(), known.ref());
                otherNames
                        .computeIfAbsent(known.ref(), ref -> new ArrayList<>())
                        .add(one.ref());
            }
        }
        new TreeMap<>(links).forEach(this::settleLink);
    }

    /** Whether a file with one name, met under two, was renamed while the walk was under way and is no longer here. */
    private boolean isGone(Seen one) {
        try {
            FileStatus now = storage.status(one.file().path());
            return one.file().status().linkCount() == 1
                    && (now.inode() != one.file().status().inode()
                            || now.device() != one.file().status().device());
        } catch (IOException e) {
            return e instanceof ImageException image && image.kind() == ErrorKind.MISSING;
        }
    }

    private void settleLink(ImageRef link, Pool pool) {
        try {
            Optional<SymbolicLinks.Target> target = SymbolicLinks.target(storage, gate, link);
            Seen known = target.map(SymbolicLinks.Target::id).map(byId::get).orElse(null);
            if (known != null) {
                symbolicLinks
                        .computeIfAbsent(known.ref(), ref -> new ArrayList<>())
                        .add(link);
            } else if (target.isPresent()) {
                FileHead head = heads.read(target.get());
                if (head.backing().isPresent()) {
                    elsewhere.add(
                            new Seen(new FoundFile(link, pool, target.get().status()), head, null));
                }
            } else if (SymbolicLinks.leadsToFolderElsewhere(storage, gate, link)) {
                String what = link
                        + " is a symbolic link to a folder that is not looked into, where overlays may be (name that folder too)";
                findings.add(new Finding(link.toString(), new Problem(SkipReason.OUTSIDE_ROOTS, what), true));
            }
        } catch (IOException e) {
            unknown(link, e);
        }
    }

    /** The files by their first names, in the order of these. */
    List<Seen> files() {
        return files;
    }

    /** The overlays that symbolic links lead to although they are in no folder that was looked at, by the names of these links. */
    List<Seen> elsewhere() {
        return elsewhere;
    }

    Optional<FoundFile> file(ImageRef name) {
        return Optional.ofNullable(seen(name)).map(Seen::file);
    }

    @Nullable
    Seen seen(ImageRef name) {
        return seen.get(firstName(name));
    }

    @Override
    public boolean isFile(ImageRef name) {
        return seen.containsKey(name);
    }

    @Override
    public Optional<ImageRef> at(FileId id) {
        return Optional.ofNullable(byId.get(id)).map(Seen::ref);
    }

    @Override
    public synchronized List<ImageRef> called(String fileName) {
        if (byFileName == null) {
            byFileName = seen.keySet().stream().collect(Collectors.groupingBy(BackingResolver::fileName));
        }
        return byFileName.getOrDefault(fileName, List.of());
    }

    FileHead head(ImageRef name) {
        Seen one = seen.get(name);
        return one == null ? FileHead.NO_IMAGE : one.head();
    }

    @Override
    public ImageRef firstName(ImageRef name) {
        return firstName.getOrDefault(name, name);
    }

    /** Further names in folders, which are as good as the first. */
    List<ImageRef> hardLinks(ImageRef firstName) {
        return otherNames.getOrDefault(firstName, List.of());
    }

    /** All further names: those in folders, and symbolic links. */
    List<ImageRef> otherNames(ImageRef firstName) {
        List<ImageRef> links = symbolicLinks.getOrDefault(firstName, List.of());
        List<ImageRef> names = hardLinks(firstName);
        return links.isEmpty()
                ? names
                : Stream.concat(names.stream(), links.stream()).toList();
    }

    List<Finding> findings() {
        return findings.stream()
                .distinct()
                .sorted(Comparator.comparing(Finding::where))
                .toList();
    }

    static Finding finding(String where, SkipReason reason, IOException why) {
        String what = why instanceof ImageException image ? image.what() : String.valueOf(why.getMessage());
        return new Finding(where, new Problem(reason, where + " cannot be looked at: " + what), true);
    }
}
