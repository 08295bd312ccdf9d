package io.planish.scan;

import io.planish.ErrorKind;
import io.planish.ImageException;
import io.planish.chain.ImageRef;
import io.planish.chain.Problem;
import io.planish.job.SkipReason;
import io.planish.plan.Finding;
import io.planish.scan.FoundFile.FileId;
import io.planish.storage.FileStatus;
import io.planish.storage.PathGate;
import io.planish.storage.Pool;
import io.planish.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** What one walk through the pools has met, each file once, under the first of its names. */
final class Sighting implements PoolWalk.Visitor {
    private final Storage storage;
    private final PathGate gate;
    private final HeadReader heads;
    private final ScanProgress progress;
    private final Map<ImageRef, Seen> seen = new ConcurrentHashMap<>();
    private final Map<ImageRef, Boolean> links = new ConcurrentHashMap<>();
    private final Queue<Finding> findings = new ConcurrentLinkedQueue<>();
    private final Map<ImageRef, ImageRef> firstName = new HashMap<>();
    private final Map<ImageRef, List<ImageRef>> symbolicLinks = new HashMap<>();
    private final Map<ImageRef, List<ImageRef>> otherNames = new HashMap<>();
    private List<Seen> files = List.of();

    Sighting(Storage storage, PathGate gate, HeadReader heads, ScanProgress progress) {
        this.storage = storage;
        this.gate = gate;
        this.heads = heads;
        this.progress = progress;
    }

    /** A file, and what it begins with. */
    record Seen(FoundFile file, FileHead head) {
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
        FileHead head = heads.read(file, progress::readHead);
        if (seen.put(file.ref(), new Seen(file, head)) == null) {
            progress.sawFile();
            if (head.isQcow2()) {
                progress.sawImage();
            }
        }
    }

    @Override
    public void link(ImageRef link) {
        links.put(link, true);
    }

    @Override
    public void unknown(ImageRef where, IOException why) {
        findings.add(finding(where.toString(), SkipReason.UNREADABLE, why));
    }

    @Override
    public void unknown(Pool pool, IOException why) {
        findings.add(finding(pool.name().value(), SkipReason.UNREADABLE, why));
    }

    /** To be called when the walk has ended: finds files that have several names. */
    void settleNames() {
        Map<FileId, Seen> byId = new HashMap<>();
        for (Seen one :
                seen.values().stream().sorted(Comparator.comparing(Seen::ref)).toList()) {
            Seen known = byId.putIfAbsent(one.file().id(), one);
            if (known != null && isGone(known)) {
                seen.remove(known.ref());
                byId.put(one.file().id(), one);
            } else if (known != null && isGone(one)) {
                seen.remove(one.ref());
            } else if (known != null) {
                firstName.put(one.ref(), known.ref());
                otherNames
                        .computeIfAbsent(known.ref(), ref -> new ArrayList<>())
                        .add(one.ref());
            }
        }
        files = byId.values().stream().sorted(Comparator.comparing(Seen::ref)).toList();
        links.keySet().stream().sorted().forEach(this::settleLink);
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

    private void settleLink(ImageRef link) {
        try {
            SymbolicLinks.target(gate, link)
                    .ifPresent(target -> symbolicLinks
                            .computeIfAbsent(firstName(target), ref -> new ArrayList<>())
                            .add(link));
        } catch (IOException e) {
            unknown(link, e);
        }
    }

    /** The files by their first names, in the order of these. */
    List<Seen> files() {
        return files;
    }

    Optional<FoundFile> file(ImageRef name) {
        return Optional.ofNullable(seen.get(firstName(name))).map(Seen::file);
    }

    boolean knows(ImageRef name) {
        return seen.containsKey(name);
    }

    FileHead head(ImageRef name) {
        Seen one = seen.get(name);
        return one == null ? FileHead.NO_IMAGE : one.head();
    }

    ImageRef firstName(ImageRef name) {
        return firstName.getOrDefault(name, name);
    }

    /** Further names in folders, which are as good as the first. */
    List<ImageRef> hardLinks(ImageRef firstName) {
        return otherNames.getOrDefault(firstName, List.of());
    }

    List<ImageRef> symbolicLinks(ImageRef firstName) {
        return symbolicLinks.getOrDefault(firstName, List.of());
    }

    List<Finding> findings() {
        return findings.stream()
                .distinct()
                .sorted(Comparator.comparing(Finding::where))
                .toList();
    }

    static Finding finding(String where, SkipReason reason, IOException why) {
        String what = why instanceof ImageException image ? image.what() : String.valueOf(why.getMessage());
        return new Finding(where, new Problem(reason, where + " cannot be looked at: " + what));
    }
}
